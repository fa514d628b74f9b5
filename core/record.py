"""What every record is made of: frozen, blind to fields it does not know, in aware UTC."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is outside the calendar") from error


def _mend(value: object) -> object:
    """Replace lone surrogates, which no encoder can write, by the replacement character."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _mend_all(value: object) -> object:
    if isinstance(value, dict):
        return {_mend(key): _mend_all(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_mend_all(one) for one in value]
    return _mend(value)


Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]
Text = Annotated[str, BeforeValidator(_mend)]
Given = Annotated[dict[str, Any], BeforeValidator(_mend_all)]
"""What others wrote, as deep as they wrote it."""


class Record(BaseModel):
    """A frozen record whose stored JSON may gain fields: readers ignore what they do not know."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    def to_bytes(self) -> bytes:
        """Write the record as the bus keeps it: compact JSON in UTF-8."""
        return self.model_dump_json().encode()
