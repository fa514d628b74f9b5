"""X (Twitter): who mentions the office, what a search finds, what a filtered stream brings."""

from datetime import timedelta

from pydantic import Field, SecretStr

from connectors.twitter.client import Door, X
from connectors.twitter.connector import Choices, Twitter
from connectors.twitter.purse import Prices, Purse
from core.connector import ChannelSettings, ChannelSpec, Context, Pull

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """With which key, whose mentions, what is searched, and how much a day may cost."""

    bearer_token: SecretStr | None = Field(
        default=None, description="Bearer Token aplikasi di X Developer Console."
    )
    user_id: str = Field(
        default="",
        pattern=r"^\d*$",
        description="Nomor akun X kantor (angka, bukan @nama): sebutannya dibaca, posnya dilewati.",
    )
    query: str = Field(
        default="",
        max_length=512,
        description="Pencarian 7 hari terakhir, misalnya 'kabupaten blitar jalan -is:retweet'; "
        "kosong = tidak mencari.",
    )
    stream_rules: tuple[str, ...] = Field(
        default=(),
        max_length=100,
        description="Aturan filtered stream; kosong = tanpa stream. Aturan bertanda kanal di akun "
        "X disamakan dengan daftar ini.",
    )
    own_app: bool = Field(
        default=False,
        description="Aplikasi X ini milik akun user_id sendiri: membaca sebutannya lebih murah.",
    )
    usernames: bool = Field(
        default=True,
        description="Ambil juga nama penulis (setiap nama dihitung satu bacaan pengguna).",
    )
    daily_usd: float = Field(
        default=1.0,
        ge=0,
        description="Biaya bacaan yang boleh habis sehari (USD, hari UTC, menurut harga di bawah).",
    )
    price_post: float = Field(default=0.005, ge=0, description="Harga membaca satu pos (USD).")
    price_own_mention: float = Field(
        default=0.001, ge=0, description="Harga satu sebutan bila own_app (USD)."
    )
    price_user: float = Field(default=0.010, ge=0, description="Harga satu nama penulis (USD).")
    every: float = Field(default=300.0, gt=0, description="Jeda antara dua kali bertanya (s).")
    history_days: int = Field(
        default=7, ge=0, description="Pos setua ini ikut diambil pada kali pertama (hari)."
    )
    timeout: float = Field(default=30.0, gt=0, description="Batas menunggu jawaban X (s).")
    api_base: str = Field(
        default="",
        description="Pengganti https://api.twitter.com (https://api.x.com, uji); biasanya kosong.",
    )


def build(settings: Settings, context: Context) -> Pull:
    """Make the channel; nothing is asked before its first turn."""
    token = settings.bearer_token.get_secret_value() if settings.bearer_token else ""
    prices = Prices(
        settings.price_post,
        settings.price_own_mention if settings.own_app else settings.price_post,
        settings.price_user if settings.usernames else 0.0,
    )
    purse = Purse(settings.daily_usd, prices, context)
    door = Door(settings.api_base, settings.timeout)
    client = X(token, context.clock, door, usernames=settings.usernames)
    choices = Choices(
        settings.user_id, settings.query, settings.stream_rules, settings.every,
        timedelta(days=settings.history_days),
    )  # fmt: skip
    return Twitter(client, purse, context, choices)


SPEC = ChannelSpec(
    name="twitter",
    label="X (Twitter)",
    mode="pull",
    settings=Settings,
    build=build,
    required=("bearer_token", "user_id"),
    idempotency_key="id pos asli + id suntingan",
    authenticity="HTTPS ke X dengan bearer token",
)
