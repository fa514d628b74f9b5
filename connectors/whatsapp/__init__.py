"""WhatsApp: a webhook of Meta's Cloud API or of Twilio, as the settings say."""

from typing import Literal

from pydantic import Field, SecretStr

from connectors.whatsapp.backfill import Backfilled
from connectors.whatsapp.client import GRAPH, MetaApi, NoApi
from connectors.whatsapp.connector import Secrets, WhatsApp
from core.connector import ChannelSettings, ChannelSpec, Context, Push
from core.twilio_api import SETTLE, Backfill, TwilioApi

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """Which provider stands behind the number, and its secrets."""

    provider: Literal["meta", "twilio"] = Field(
        default="meta", description="Penyedia: meta (WhatsApp Cloud API) atau twilio."
    )
    app_secret: SecretStr | None = Field(
        default=None,
        description="Kunci penanda tangan webhook: App Secret aplikasi Meta, atau Auth Token "
        "Twilio. Tanpa kunci ini setiap pesan ditolak.",
    )
    app_secret_previous: SecretStr | None = Field(
        default=None,
        description="Kunci lama yang masih diterima selama penggantian kunci; hapus sesudahnya.",
    )
    verify_token: SecretStr | None = Field(
        default=None,
        description="Meta: kata sandi buatan sendiri yang juga diisikan di layar webhook Meta. "
        "Tanpa ini Meta tidak dapat memverifikasi alamat.",
    )
    access_token: SecretStr | None = Field(
        default=None,
        description="Meta: token System User untuk mengambil lampiran dan memeriksa nomor.",
    )
    phone_number_id: str = Field(
        default="",
        pattern=r"^\d*$",
        description="Meta: id nomor (bukan nomornya), untuk diperiksa.",
    )
    graph_version: str = Field(
        default="v23.0", pattern=r"^v\d+\.\d+$", description="Meta: versi Graph API."
    )
    account_sid: str = Field(
        default="",
        description="Twilio: Account SID, untuk mengambil pesan yang terlewat, lampiran, dan "
        "memeriksa akun. Kosong = hanya webhook.",
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
    signing = (settings.app_secret, settings.app_secret_previous)
    secrets = Secrets(
        [value for secret in signing if (value := _plain(secret))],
        [value for secret in (settings.verify_token,) if (value := _plain(secret))],
    )
    if settings.provider == "meta":
        base, token = settings.api_base or GRAPH, _plain(settings.access_token)
        meta = MetaApi(token, settings.phone_number_id, base, settings.graph_version)
        return WhatsApp("meta", secrets, meta, context)
    if not settings.account_sid:
        return WhatsApp("twilio", secrets, NoApi(), context)
    api = TwilioApi(settings.account_sid, _plain(settings.app_secret), settings.api_base)
    backfill = Backfill(api, "", settings.backfill_days, SETTLE, context.clock)
    return Backfilled(WhatsApp("twilio", secrets, api, context), backfill, settings.every)


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""


SPEC = ChannelSpec(
    name="whatsapp",
    label="WhatsApp",
    mode="push",
    settings=Settings,
    build=build,
    required=("app_secret",),
    # Not the verify token: a leftover of one would keep the channel on trial.
    trial=("app_secret",),
    idempotency_key="id pesan (wamid) / MessageSid",
    authenticity="X-Hub-Signature-256 (HMAC-SHA256) / X-Twilio-Signature",
)
