"""The radio form: what listeners say on air, typed in by the operator on the dashboard."""

from connectors.radio.connector import Radio
from core.connector import ChannelSettings, ChannelSpec, Context, Push

__all__ = ["SPEC", "Settings", "build"]


class Settings(ChannelSettings):
    """Nothing to set: the form is ours and signed with the internal key."""


def build(settings: Settings, context: Context) -> Push:
    """Make the channel."""
    return Radio(context)


SPEC = ChannelSpec(
    name="radio",
    label="Formulir radio",
    mode="push",
    settings=Settings,
    build=build,
    idempotency_key="form_id",
    authenticity="x-kanal-signature (HMAC-SHA256, t + path + body)",
)
