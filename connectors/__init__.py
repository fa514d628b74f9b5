"""The registry of channels: one import and one entry for each folder of this package."""

from collections.abc import Mapping

from connectors import (
    call112,
    desk,
    email,
    facebook,
    google_reviews,
    instagram,
    radio,
    sms,
    sp4n,
    telegram,
    tiktok,
    twitter,
    web,
    whatsapp,
    youtube,
)
from core.connector import ChannelSpec

CHANNELS: Mapping[str, ChannelSpec] = {
    spec.name: spec
    for spec in (
        sms.SPEC,
        call112.SPEC,
        radio.SPEC,
        desk.SPEC,
        whatsapp.SPEC,
        google_reviews.SPEC,
        twitter.SPEC,
        youtube.SPEC,
        telegram.SPEC,
        facebook.SPEC,
        instagram.SPEC,
        sp4n.SPEC,
        email.SPEC,
        tiktok.SPEC,
        web.SPEC,
    )
}
