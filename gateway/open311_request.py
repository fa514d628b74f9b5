"""Reads what an Open311 client posts, and what it asks for."""

import math
import re
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core import ids
from core.signatures import same
from gateway.open311_words import CLOSED, Failed
from gateway.public import Office
from sink.reports import Wanted

_NAMESPACE = uuid.UUID("6b616e61-6c00-5b6c-8974-6f70656e3331")
_LONGEST = {
    "description": 4000, "address_string": 400, "address_id": 20, "email": 200, "phone": 50,
    "first_name": 100, "last_name": 95, "media_url": 2000, "device_id": 200, "account_id": 200,
}  # fmt: skip
_WINDOW = timedelta(minutes=10)
_REMEMBERED = 10_000
_URL = re.compile(r"https?://[^\s]+")
_DAYS = timedelta(days=90)


def form_of(office: Office, given: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return our own form of a posted report. Raises Failed naming all that is wrong."""
    key = office.web.api_key.get_secret_value()
    if key and not same(given.get("api_key", ""), key):
        raise Failed(403, "api_key: tidak ada atau salah")
    told = {name: given.get(name, "").strip() for name in _LONGEST}
    code = given.get("service_code", "").strip()
    if code and code not in names:
        raise Failed(404, "service_code: layanan tidak dikenal")
    wrong = [] if code else ["service_code: wajib diisi"]
    wrong += [
        f"{n}: lebih dari {most} huruf" for n, most in _LONGEST.items() if len(told[n]) > most
    ]
    point = _point(given, wrong)
    if not point and not told["address_string"] and not told["address_id"] and not wrong:
        wrong.append("lat dan long, address_string, atau address_id: salah satu wajib diisi")
    if told["media_url"] and not _URL.fullmatch(told["media_url"]):
        wrong.append("media_url: bukan alamat http")
    if wrong:
        raise Failed(400, *wrong)
    return point | {
        "asal": "open311",
        # A report may be nothing but its service; a complaint needs words.
        "isi": told["description"] or f"Laporan tanpa uraian: {names[code]}",
        "lokasi": told["address_string"],
        "wilayah_kode": told["address_id"],
        "kategori": code,
        "layanan": code,
        "penelepon": f"{told['first_name']} {told['last_name']}".strip(),
        "telepon": told["phone"],
        "surel": told["email"],
        "media_url": told["media_url"],
    }


def wanted(given: Mapping[str, str], now: datetime) -> Wanted:
    """Return which reports are asked for: those of 90 days unless told. Raises Failed."""
    if asked := _listed(given, "service_request_id"):
        return Wanted(ids=asked)
    start, end = _moment(given, "start_date"), _moment(given, "end_date")
    status = _listed(given, "status") or []
    if unknown := set(status) - {"open", "closed"}:
        raise Failed(400, f"status: hanya open dan closed ({len(unknown)} lainnya tidak dikenal)")
    return Wanted(
        kategori=_listed(given, "service_code"),
        since=start or (end or now) - _DAYS,
        until=end,
        statuses=CLOSED if status == ["closed"] else None,
        but_statuses=CLOSED if status == ["open"] else None,
    )


class Names:
    """Gives each report its form's id, the same for one that comes again within minutes."""

    def __init__(self) -> None:
        self._recent: OrderedDict[str, tuple[str, str, datetime]] = OrderedDict()

    def name(self, office: Office, form: Mapping[str, Any], key: str, now: datetime) -> str:
        """Return the id. Raises Failed if a key is used again for something else."""
        said = ids.digest(office.name, *(f"{name}={form[name]}" for name in sorted(form)))
        known_as = ids.digest("key", office.name, key) if key else said
        known, content, at = self._recent.get(known_as, ("", "", now))
        if known and (key or now - at < _WINDOW):
            if content != said:
                raise Failed(409, "Idempotency-Key: sudah dipakai untuk laporan lain")
            return known
        # Without memory (a restart) the clock's own window stands in for it.
        window = "" if key else str(int(now.timestamp() // _WINDOW.total_seconds()))
        made = str(uuid.uuid5(_NAMESPACE, ids.digest(said, key, window)))
        self._recent[known_as] = (made, said, now)
        self._recent.move_to_end(known_as)
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return made


def _point(given: Mapping[str, str], wrong: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, ours, most in (("lat", "lat", 90.0), ("long", "lon", 180.0)):
        text = given.get(name, "").strip()
        if not text:
            continue
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not abs(number) <= most:
            wrong.append(f"{name}: angka antara -{most:g} dan {most:g}")
        else:
            found[ours] = number
    if len(found) == 1 and not wrong:
        wrong.append("lat dan long: diisi keduanya")
    return found


def _listed(given: Mapping[str, str], name: str) -> Sequence[str] | None:
    found = [one.strip() for one in given.get(name, "").split(",") if one.strip()]
    if len(found) > 1000:
        raise Failed(400, f"{name}: lebih dari 1000")
    return found or None


def _moment(given: Mapping[str, str], name: str) -> datetime | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        # A plus sign that was not encoded arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise Failed(400, f"{name}: bukan tanggal ISO 8601") from None
    if moment.tzinfo is None:
        raise Failed(400, f"{name}: tanpa zona waktu, misalnya 2026-11-25T00:00:00Z")
    return moment
