"""SMS 1708: a webhook in Twilio's shape or in a local carrier's JSON, and Twilio's back-fill."""

from typing import Literal

from pydantic import Field, SecretStr

from connectors.sms.backfill import Backfilled
from connectors.sms.carrier import Carrier
from connectors.sms.connector import Sms
from core.connector import ChannelSettings, ChannelSpec, Context, Push
from core.twilio_api import SETTLE, Backfill, TwilioApi

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """Who carries the SMS, and the secrets that prove it."""

    scheme: Literal["twilio", "json"] = Field(
        default="twilio",
        description="Bentuk webhook: twilio (formulir Twilio) atau json (agregator setempat, "
        "diatur di tabel webhook).",
    )
    auth_token: SecretStr | None = Field(
        default=None,
        description="Kunci penanda tangan webhook: Auth Token akun, atau rahasia SharedKey bila "
        "webhook ditandatangani HMAC-SHA256. Tanpa kunci ini setiap SMS ditolak.",
    )
    auth_token_previous: SecretStr | None = Field(
        default=None,
        description="Kunci lama yang masih diterima selama penggantian kunci; hapus sesudahnya.",
    )
    webhook: Carrier = Field(
        default=Carrier(), description="Untuk scheme = json: tanda tangan dan letak isian."
    )
    account_sid: str = Field(
        default="",
        description="Twilio: Account SID, untuk mengambil SMS yang terlewat. Kosong = hanya "
        "webhook.",
    )
    api_token: SecretStr | None = Field(
        default=None,
        description="Twilio: Auth Token akun bila webhook ditandatangani dengan rahasia lain.",
    )
    to: str = Field(
        default="", description="Twilio: nomor tujuan yang diambil; kosong = semua nomor akun."
    )
    backfill_days: int = Field(
        default=3,
        ge=0,
        le=30,
        description="Twilio: berapa hari ke belakang yang terlewat diambil saat pertama kali.",
    )
    every: float = Field(
        default=600.0,
        ge=10,
        description="Twilio: jeda antara dua kali mengambil yang terlewat (s).",
    )
    api_base: str = Field(
        default="",
        description="Alamat API pengganti, untuk pengujian atau proksi; biasanya kosong.",
    )


def build(settings: Settings, context: Context) -> Push:
    """Make the channel; without a secret it still reads what is stored, but accepts nothing."""
    given = (settings.auth_token, settings.auth_token_previous)
    secrets = [secret.get_secret_value() for secret in given if secret is not None]
    if settings.scheme == "json":
        return Sms(secrets, settings.webhook, None, context)
    if not settings.account_sid:
        return Sms(secrets, None, None, context)
    token = settings.api_token or settings.auth_token or SecretStr("")
    api = TwilioApi(settings.account_sid, token.get_secret_value(), settings.api_base)
    backfill = Backfill(api, settings.to, settings.backfill_days, SETTLE, context.clock)
    return Backfilled(Sms(secrets, None, api, context), backfill, settings.every)


SPEC = ChannelSpec(
    name="sms",
    label="SMS 1708",
    mode="push",
    settings=Settings,
    build=build,
    required=("auth_token",),
    trial=("auth_token",),
    idempotency_key="MessageSid / id SMS agregator",
    authenticity="X-Twilio-Signature (HMAC-SHA1, HMAC-SHA256) / HMAC-SHA256 atas JSON",
)
