"""Facebook: comments, visitors' posts, mentions and messages of the office's Page."""

from pydantic import Field, SecretStr

from connectors.facebook.connector import Facebook
from core.connector import ChannelSettings, ChannelSpec, Context, Push
from core.meta_graph import Graph

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """The app that sends the webhooks, and the token with which it can be tried out."""

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
        description="Token Halaman, hanya untuk `kanal check facebook`; boleh kosong.",
    )
    api_base: str = Field(
        default="https://graph.facebook.com/v24.0",
        pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$",
        description="Alamat Graph API beserta versinya; diganti hanya untuk uji coba atau proksi.",
    )


def build(settings: Settings, context: Context) -> Push:
    """Make the channel; without a secret it still reads what is stored, but accepts nothing."""
    secrets = [_open(settings.app_secret), _open(settings.app_secret_previous)]
    token = _open(settings.access_token)
    graph = Graph(settings.api_base, token, secrets[0]) if token else None
    return Facebook(secrets, _open(settings.verify_token), graph, context)


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""


SPEC = ChannelSpec(
    name="facebook",
    label="Facebook",
    mode="push",
    settings=Settings,
    build=build,
    required=("app_secret",),
    # Not the verify token: a leftover of one would keep the channel on trial.
    trial=("app_secret",),
    idempotency_key="comment_id (atau post_id, mid) + verb + waktu kejadian",
    authenticity="X-Hub-Signature-256 (HMAC-SHA256 atas isi mentah)",
)
