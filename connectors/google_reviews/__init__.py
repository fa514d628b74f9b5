"""Google reviews: what is written about the office's places on Google Maps."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from connectors.google_reviews.client import Keys, Reviews
from connectors.google_reviews.connector import Choices, GoogleReviews
from connectors.google_reviews.push import Certificates, Subscription
from core.connector import ChannelSettings, ChannelSpec, Context, Pull

__all__ = ["SPEC", "Settings", "build"]

Location = Annotated[str, StringConstraints(pattern=r"^accounts/\d+/locations/\d+$")]


class Settings(ChannelSettings):
    """Which places are read, with whose permission, and who may push."""

    client_id: str = Field(
        default="", description="Client ID OAuth proyek Google Cloud (jenis Web atau Desktop)."
    )
    client_secret: SecretStr | None = Field(
        default=None, description="Client secret OAuth yang sepasang dengan client_id."
    )
    refresh_token: SecretStr | None = Field(
        default=None,
        description="Izin jangka panjang akun pengelola Profil Bisnis (lingkup business.manage).",
    )
    locations: tuple[Location, ...] = Field(
        default=(),
        description="Lokasi yang dibaca, masing-masing accounts/ANGKA/locations/ANGKA.",
    )
    every: float = Field(default=900.0, gt=0, description="Jeda antara dua kali bertanya (s).")
    history_days: int = Field(
        default=365, ge=0, description="Ulasan setua ini ikut diambil pada kali pertama (hari)."
    )
    push_audience: str = Field(
        default="",
        description="Audience pada langganan push Pub/Sub; kosong = tanpa push.",
    )
    push_email: str = Field(
        default="",
        description="Akun layanan yang menandatangani push. Wajib bersama push_audience: tanpa ini "
        "akun Google mana pun dapat memanggil.",
    )
    push_certs: dict[str, str] = Field(
        default_factory=dict,
        description="Kunci publik Google (kid = PEM) bila server tidak boleh mengunduhnya; "
        "biasanya kosong.",
    )
    timeout: float = Field(default=20.0, gt=0, description="Batas menunggu jawaban Google (s).")
    api_base: str = Field(
        default="", description="Alamat pengganti API Google (proxy, uji); biasanya kosong."
    )
    sign_in_url: str = Field(
        default="https://oauth2.googleapis.com/token",
        description="Alamat Google untuk memperbarui izin masuk.",
    )
    certs_url: str = Field(
        default="https://www.googleapis.com/oauth2/v1/certs",
        description="Alamat kunci publik Google.",
    )


def build(settings: Settings, context: Context) -> Pull:
    """Make the channel; nothing is asked before its first turn."""
    secret, token = (
        value.get_secret_value() if value else ""
        for value in (settings.client_secret, settings.refresh_token)
    )
    keys = Keys(settings.client_id, secret, token, settings.sign_in_url)
    certificates = Certificates(
        settings.push_certs, settings.certs_url, settings.timeout, context.clock
    )
    return GoogleReviews(
        Reviews(keys, settings.api_base, settings.timeout),
        Subscription(
            settings.push_audience, settings.push_email, certificates, context.clock
        ),
        context,
        Choices(settings.locations, settings.every, timedelta(days=settings.history_days)),
    )  # fmt: skip


SPEC = ChannelSpec(
    name="google_reviews",
    label="Ulasan Google",
    mode="pull",
    settings=Settings,
    build=build,
    required=("client_id", "client_secret", "refresh_token", "locations"),
    idempotency_key="locations/*/reviews/* + updateTime",
    authenticity="HTTPS ke Google dengan OAuth; push: JWT Google (audience dan e-mail diperiksa)",
)
