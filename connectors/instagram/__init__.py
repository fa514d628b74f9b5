"""Instagram: comments, mentions and direct messages of the office's professional account."""

from pydantic import Field, SecretStr

from connectors.instagram.connector import Instagram
from connectors.instagram.waiting import Waiting
from core.connector import ChannelSettings, ChannelSpec, Context, Push
from core.meta import Hook
from core.meta_graph import Graph

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """The app that sends the webhooks, and the token that fetches what they leave out."""

    app_secret: SecretStr | None = Field(
        default=None,
        description="App Secret aplikasi Meta; dengannya Meta menandatangani webhook. Tanpa kunci "
        "ini setiap pemberitahuan ditolak.",
    )
    app_secret_previous: SecretStr | None = Field(
        default=None,
        description="App Secret lama yang masih diterima selama penggantian; hapus sesudahnya.",
    )
    verify_token: SecretStr | None = Field(
        default=None,
        description="Kata sandi buatan sendiri yang dicocokkan Meta saat webhook didaftarkan.",
    )
    access_token: SecretStr | None = Field(
        default=None,
        description="Token akun Instagram kantor untuk mengambil yang tidak ada di webhook: waktu "
        "komentar dan isi sebutan. Kosong = waktu pengiriman yang dipakai dan sebutan tanpa isi.",
    )
    every: float = Field(
        default=15.0, gt=0, description="Jeda antara dua kali mengambil waktu dan isi (s)."
    )
    api_base: str = Field(
        default="https://graph.facebook.com/v24.0",
        pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$",
        description="Alamat Graph API beserta versinya. Untuk token dari Instagram Login: "
        "https://graph.instagram.com/v24.0.",
    )


def build(settings: Settings, context: Context) -> Push:
    """Make the channel; without a secret it still reads what is stored, but accepts nothing."""
    secrets = [_open(settings.app_secret), _open(settings.app_secret_previous)]
    token = _open(settings.access_token)
    graph = Graph(settings.api_base, token, secrets[0]) if token else None
    waiting = Waiting(context.inbox / "menunggu", context.clock)
    hook = Hook("instagram", secrets, _open(settings.verify_token), context)
    return Instagram(hook, graph, waiting, context, settings.every)


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""


SPEC = ChannelSpec(
    name="instagram",
    label="Instagram",
    mode="push",
    settings=Settings,
    build=build,
    required=("app_secret",),
    # Not the verify token: a leftover of one would keep the channel on trial.
    trial=("app_secret",),
    idempotency_key="id komentar, media, atau pesan",
    authenticity="X-Hub-Signature-256 (HMAC-SHA256 atas isi mentah)",
)
