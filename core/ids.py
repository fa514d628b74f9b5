"""Deterministic ids: the same event has the same id on every machine, today and on replay."""

import hashlib
import hmac
import json
import re
import uuid

# Fixed for ever: changing it would give every complaint a new id.
_NAMESPACE = uuid.UUID("6b616e61-6c00-5b6c-8974-61722d313730")


def digest(*parts: str) -> str:
    """Hash parts into 32 hex digits; they are framed, so ("ab", "c") differs from ("a", "bc")."""
    framed = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(framed.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def content_id(body: bytes) -> str:
    """Name a payload for which the provider gives no id: the sha256 of its bytes."""
    return hashlib.sha256(body).hexdigest()


def raw_event_id(tenant: str, channel: str, account: str, external_id: str, version: str) -> str:
    """Name one provider event on the topic `raw`."""
    return digest("raw", tenant, channel, account, external_id, version)


def complaint_id(tenant: str, channel: str, account: str, external_id: str) -> str:
    """Name a complaint: uuid5 over the office, the channel, its account and the message's id."""
    name = json.dumps([tenant, channel, account, external_id], ensure_ascii=False)
    return str(uuid.uuid5(_NAMESPACE, name))


def case_id(opening_complaint_id: str) -> str:
    """Name a case by the complaint that opened it."""
    return str(uuid.uuid5(_NAMESPACE, "case:" + opening_complaint_id))


def partition_of(name: str, partitions: int) -> int:
    """Choose the partition of a name; stable across processes (Python's own hash is not)."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) % partitions


def reporter_ref(key: bytes, platform: str, opaque_id: str) -> str:
    """Name a reporter without telling who it is: HMAC with the installation's key.

    Whoever is known by a phone number is of platform `tel`, so that SMS, WhatsApp and 112 meet.
    """
    if platform == "tel":
        opaque_id = phone_key(opaque_id)
    message = json.dumps([platform, opaque_id], ensure_ascii=False).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]


def phone_key(number: str) -> str:
    """Write an Indonesian number one way, so 0812..., +62 812... and 62812... are one person."""
    digits = re.sub(r"\D", "", number)
    if digits.startswith("0") and not digits.startswith("00"):
        return "62" + digits[1:]
    return digits
