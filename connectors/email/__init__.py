"""E-mail: what citizens write to the office's mailbox, read over IMAP without touching it."""

import ipaddress
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from connectors.email.client import Mailbox
from connectors.email.connector import Choices, Email
from connectors.email.records import Security, Server
from core.connector import ChannelSettings, ChannelSpec, Context, Pull
from core.errors import ConfigError

__all__ = ["SPEC", "Settings", "build"]

_PORTS = {"ssl": 993, "starttls": 143, "none": 143}
Name = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,200}$")]


class Settings(ChannelSettings):
    """Which mailbox is read, and how."""

    host: str = Field(default="", description="Server IMAP, mis. imap.gmail.com.")
    port: int = Field(
        default=0, ge=0, le=65535, description="Porta IMAP; 0 = 993 (ssl) atau 143 (lainnya)."
    )
    security: Security = Field(
        default="ssl",
        description="ssl, starttls, atau none. none hanya untuk server di mesin ini sendiri.",
    )
    ca_file: str = Field(
        default="",
        description="Berkas PEM penerbit sertifikat bila server memakai sertifikat buatan sendiri.",
    )
    username: str = Field(default="", description="Nama pengguna, biasanya alamat surat kantor.")
    password: SecretStr | None = Field(
        default=None, description="Kata sandi; untuk Gmail kata sandi aplikasi (16 huruf)."
    )
    folders: tuple[Name, ...] = Field(
        default=("INBOX",), min_length=1, description="Folder yang dibaca, dengan nama IMAP-nya."
    )
    own: tuple[str, ...] = Field(
        default=(),
        description="Alamat lain milik kantor; surat darinya tidak dicatat sebagai aduan.",
    )
    every: float = Field(default=60.0, gt=0, description="Jeda antara dua kali melihat (s).")
    history_days: int = Field(
        default=30, ge=0, description="Surat setua ini ikut diambil pada kali pertama (hari)."
    )
    max_bytes: int = Field(
        default=5_000_000,
        ge=10_000,
        le=5_500_000,
        description="Surat yang lebih besar disimpan sampai sejauh ini (byte); teksnya tetap utuh.",
    )
    timeout: float = Field(default=30.0, gt=0, description="Batas menunggu jawaban server (s).")


def build(settings: Settings, context: Context) -> Pull:
    """Make the channel; the server is not asked before its first turn."""
    if settings.security == "none" and not _here(settings.host):
        raise ConfigError(
            "[channels.email] security: none hanya untuk server di mesin ini; pakai ssl atau "
            "starttls agar kata sandi tidak terbaca di jaringan"
        )
    password = settings.password.get_secret_value() if settings.password else ""
    port = settings.port or _PORTS[settings.security]
    server = Server(
        settings.host, port, settings.security, settings.username, password,
        settings.timeout, settings.ca_file,
    )  # fmt: skip
    own = {address.strip().lower() for address in (*settings.own, settings.username)}
    choices = Choices(
        settings.folders, frozenset(own), settings.every, settings.history_days, settings.max_bytes
    )
    return Email(lambda: Mailbox(server), choices, context)


def _here(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


SPEC = ChannelSpec(
    name="email",
    label="Surel",
    mode="pull",
    settings=Settings,
    build=build,
    required=("host", "username", "password"),
    idempotency_key="Message-ID; tanpa itu sha256 surat",
    authenticity="masuk IMAP; alamat pengirim tidak dijamin (hasil SPF/DKIM/DMARC dicatat)",
)
