"""SMS 1708: a webhook in the shape of Twilio's, whichever carrier stands behind it."""

from pydantic import Field, SecretStr

from connectors.sms.connector import Sms
from core.connector import ChannelSettings, ChannelSpec, Context, Push

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """The secrets the carrier signs with."""

    auth_token: SecretStr | None = Field(
        default=None,
        description="Kunci penanda tangan webhook: Auth Token akun, atau rahasia SharedKey bila "
        "webhook ditandatangani HMAC-SHA256. Tanpa kunci ini setiap SMS ditolak.",
    )
    auth_token_previous: SecretStr | None = Field(
        default=None,
        description="Kunci lama yang masih diterima selama penggantian kunci; hapus sesudahnya.",
    )


def build(settings: Settings, context: Context) -> Push:
    """Make the channel; without a secret it still reads what is stored, but accepts nothing."""
    secrets = (settings.auth_token, settings.auth_token_previous)
    return Sms([s.get_secret_value() for s in secrets if s is not None], context)


SPEC = ChannelSpec(
    name="sms",
    label="SMS 1708",
    mode="push",
    settings=Settings,
    build=build,
    required=("auth_token",),
    trial=("auth_token",),
    idempotency_key="MessageSid",
    authenticity="X-Twilio-Signature (HMAC-SHA1, HMAC-SHA256)",
)
