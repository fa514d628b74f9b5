"""Telegram: a bot that citizens write to, read by long polling or by webhook."""

import re
from typing import Literal

from pydantic import Field, SecretStr

from connectors.telegram.client import BotApi
from connectors.telegram.connector import Choices, Telegram
from core.connector import ChannelSettings, ChannelSpec, Context, Pull
from core.errors import ConfigError

__all__ = ["SPEC", "Settings", "build"]

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Settings(ChannelSettings):
    """Which bot, and how its messages come in."""

    receive: Literal["polling", "webhook"] = Field(
        default="polling",
        description="polling: Kanal bertanya kepada Telegram, tanpa alamat publik. webhook: "
        "Telegram mengirim ke alamat publik.",
    )
    bot_token: SecretStr | None = Field(default=None, description="Token bot dari @BotFather.")
    secret_token: SecretStr | None = Field(
        default=None,
        description="Webhook: kata sandi buatan sendiri (huruf, angka, - dan _) yang diberikan ke "
        "setWebhook. Tanpa ini setiap kiriman ditolak.",
    )
    secret_token_previous: SecretStr | None = Field(
        default=None,
        description="Kata sandi lama yang masih diterima selama penggantian; hapus sesudahnya.",
    )
    own: tuple[str, ...] = Field(
        default=(),
        description="Id Telegram milik kantor (petugas, grup, kanal); tulisannya tidak dicatat "
        "sebagai aduan.",
    )
    every: float = Field(default=1.0, gt=0, description="Polling: jeda antara dua giliran (s).")
    wait: float = Field(
        default=5.0,
        ge=0,
        le=50,
        description="Polling: berapa lama Telegram menahan jawaban bila belum ada pesan (s). "
        "Selama itu pula Kanal menunggu saat dihentikan.",
    )
    api_base: str = Field(
        default="", description="Alamat Bot API pengganti, untuk pengujian atau proksi."
    )


def build(settings: Settings, context: Context) -> Pull:
    """Make the channel. Raises ConfigError if a token is misshapen or the webhook's is missing."""
    token = _plain(settings.bot_token)
    if token and not _TOKEN.fullmatch(token):
        raise ConfigError("bot_token: bentuknya salah (angka:huruf, dari @BotFather)")
    given = (settings.secret_token, settings.secret_token_previous)
    secrets = [secret for secret in map(_plain, given) if secret]
    if not all(_SECRET.fullmatch(secret) for secret in secrets):
        raise ConfigError("secret_token: hanya huruf, angka, - dan _, paling panjang 256")
    if settings.receive == "webhook" and not secrets:
        raise ConfigError('secret_token: wajib diisi bila receive = "webhook"')
    choices = Choices(settings.receive, settings.every, settings.wait, frozenset(settings.own))
    return Telegram(choices, secrets, BotApi(token, settings.api_base), context)


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""


SPEC = ChannelSpec(
    name="telegram",
    label="Telegram",
    mode="pull",
    settings=Settings,
    build=build,
    required=("bot_token",),
    idempotency_key="id chat + nomor pesan; suntingan: edit_date + update_id",
    authenticity="token bot (polling) / X-Telegram-Bot-Api-Secret-Token (webhook)",
)
