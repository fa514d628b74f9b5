"""A real Dovecot on loopback for tests: its own folder, any user name, one password."""

import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

PASSWORD = "sandi-rahasia-é"
_SETTINGS = """
base_dir = {home}/run
state_dir = {home}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{home}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
# Nobody is made to wait for what another test did wrong.
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running server."""

    plain: int
    tls: int
    certificate: Path

    @contextmanager
    def session(self, user: str) -> Iterator[imaplib.IMAP4]:
        """Log in as another mail program would."""
        with imaplib.IMAP4("127.0.0.1", self.plain, timeout=10) as imap:
            secret = f"\0{user}\0{PASSWORD}".encode()
            imap.authenticate("PLAIN", lambda _: secret)
            yield imap

    def put(
        self, user: str, *mails: bytes, folder: str = "INBOX", at: datetime | None = None
    ) -> None:
        """Lay mails into a folder, as they would arrive."""
        stamp = imaplib.Time2Internaldate(at) if at else ""
        with self.session(user) as imap:
            for mail in mails:
                said, _ = imap.append(folder, "", stamp, mail)
                assert said == "OK"


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Run a server as the current user (as nobody for root, whose mail Dovecot never touches)."""
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip("dovecot tidak ada: sudo apt-get install -y dovecot-imapd")
    me = pwd.getpwuid(os.geteuid())
    user = me if me.pw_uid else pwd.getpwnam("nobody")
    # Not under pytest's own folder, which lets nobody through.
    with tempfile.TemporaryDirectory(prefix="kanal-dovecot-") as folder:
        home = Path(folder)
        _certify(home)
        with _two_ports() as (plain, tls):
            config = home / "dovecot.conf"
            group = grp.getgrgid(user.pw_gid).gr_name
            config.write_text(
                _SETTINGS.format(
                    home=home, user=user.pw_name, group=group, uid=user.pw_uid, gid=user.pw_gid,
                    password=PASSWORD, plain=plain, tls=tls,
                )
            )  # fmt: skip
        for path in (home, *home.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
        with _running([found, "-F", "-c", str(config)], user):
            yield Dovecot(plain, tls, home / "cert.pem")


@contextmanager
def _running(command: list[str], user: pwd.struct_passwd) -> Iterator[None]:
    root = os.geteuid() == 0
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        user=user.pw_uid if root else None,
        group=user.pw_gid if root else None,
        extra_groups=[] if root else None,
    ) as server:
        assert server.stderr is not None
        said: list[str] = []
        for line in server.stderr:
            said.append(line)
            if "starting up" in line:
                break
        else:
            pytest.fail("dovecot did not start:\n" + "".join(said))
        # Its log is read on, or it would stand still once the pipe is full.
        reader = threading.Thread(target=server.stderr.read)
        reader.start()
        try:
            yield
        finally:
            server.terminate()
            server.wait(30)
            reader.join()


@contextmanager
def _two_ports() -> Iterator[tuple[int, int]]:
    with contextlib.ExitStack() as held:
        ports = []
        for _ in range(2):
            free = held.enter_context(socket.socket())
            free.bind(("127.0.0.1", 0))
            ports.append(int(free.getsockname()[1]))
        yield ports[0], ports[1]


def _certify(home: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem",
         "-out", "cert.pem"],
        cwd=home, check=True, capture_output=True,
    )  # fmt: skip
