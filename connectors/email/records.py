"""What a mail server is to the channel: where it is, its folders, its letters."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Security = Literal["ssl", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mail lies, and whose it is."""

    host: str
    port: int
    security: Security
    username: str
    password: str
    timeout: float
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """An opened folder: its generation, and the UID its next mail will have."""

    name: str
    validity: int
    next_uid: int
    mails: int


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as the server keeps it; a large one is cut."""

    uid: int
    arrived: datetime | None
    body: bytes
    cut: bool
