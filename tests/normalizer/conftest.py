"""The rules of the shipped configuration, and a short way to normalize one text."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.schema import Complaint, Message, Sender
from normalizer import Envelope, Rules, normalize

CONFIG = Path(__file__).parents[2] / "config"
RECEIVED = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
KEY = b"kunci percobaan"

Understand = Callable[..., Complaint]


@pytest.fixture(scope="session")
def config_dir() -> Path:
    return CONFIG


@pytest.fixture(scope="session")
def rules() -> Rules:
    return Rules.load(CONFIG, "kab-blitar", "35.05")


@pytest.fixture(scope="session")
def understand(rules: Rules) -> Understand:
    """Normalize a text as it would come over a channel."""

    def one(text: str, channel: str = "sms", **fields: object) -> Complaint:
        message = Message.model_validate(
            {"external_id": "m1", "text": text, "sender": Sender(platform="tel", id="0812")}
            | fields
        )
        envelope = Envelope("kab-blitar", channel, "1708", RECEIVED)
        return normalize(message, envelope, rules, KEY)

    return one
