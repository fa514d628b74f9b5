"""A small office for tests: its config, its trial secrets, its signed requests."""

import socket
from pathlib import Path
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from core.settings import Settings, load, trial_variable

TENANT = "kab-blitar"
TOKEN = "0123456789abcdef0123456789abcdef"
CONFIG = Path(__file__).parents[2] / "config"
SECRET = trial_variable(TENANT, "sms", "auth_token")


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(data: Path, trial: object = True, **intake: object) -> Settings:
    """Return the shipped settings over a data folder, with a trial or a real SMS secret."""
    data.mkdir(parents=True, exist_ok=True)
    environ = {}
    if trial:
        (data / "secrets.env").write_text(f"{SECRET}={TOKEN}\n")
    else:
        environ[SECRET] = TOKEN
    overrides = {"intake": {"port": free_port()} | intake, "dashboard": {"port": free_port()}}
    return load(CONFIG, data, environ=environ, overrides=overrides)


def sender(sid: str) -> str:
    """Return another sender for each numbered message: one person's are pieces of one complaint."""
    number = "".join(filter(str.isdigit, sid))[-4:] or "1234"
    return f"+628120000{number:0>4}"


def sms(base: str, text: str, sid: str, token: str = TOKEN) -> tuple[str, dict[str, str], bytes]:
    """Return address, headers and body of an SMS signed by Twilio's own library."""
    form = {
        "AccountSid": "AC" + "0" * 32, "Body": text, "From": sender(sid),
        "MessageSid": sid,
        "NumMedia": "0", "SmsStatus": "received", "To": "1708", "ToCity": "",
    }  # fmt: skip
    url = f"{base}/hooks/{TENANT}/sms"
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": RequestValidator(token).compute_signature(url, form),
    }
    return url, headers, urlencode(form).encode()
