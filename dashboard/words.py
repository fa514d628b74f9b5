"""What operators read: Indonesian words for the codes, and times the way an office says them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]
_ZONES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400

KLASIFIKASI = {
    "pengaduan": "Pengaduan",
    "aspirasi": "Aspirasi",
    "permintaan_informasi": "Permintaan informasi",
    "whistleblowing": "Dugaan pelanggaran (WBS)",
    "bukan_aduan": "Bukan aduan",
}
URGENCY = {"low": "Rendah", "normal": "Biasa", "high": "Mendesak", "emergency": "Darurat"}
STATUS = {
    "baru": "Baru",
    "terverifikasi": "Terverifikasi",
    "disposisi": "Disposisi",
    "proses": "Proses",
    "selesai": "Selesai",
    "ditunda": "Ditunda (menunggu kelengkapan)",
    "bukan_wewenang": "Bukan wewenang",
    "arsip": "Arsip",
}
RELATION = {
    "opened": "membuka kasus ini",
    "joined": "digabung karena serupa",
    "suggested": "mungkin serupa dengan kasus lain",
    "continued": "lanjutan pesan sebelumnya",
    "edited": "diubah pengirimnya",
}
ACT = {
    "verify": "Verifikasi",
    "correct": "Koreksi",
    "disposisi": "Disposisi",
    "return": "Dikembalikan OPD",
    "status": "Ubah status",
    "tindak_lanjut": "Tindak lanjut",
    "merge": "Gabung kasus",
    "split": "Pisah dari kasus",
    "not_same": "Bukan yang sama",
    "bukan_wewenang": "Bukan wewenang",
    "arsip": "Arsip",
    "sp4n": "SP4N",
    "note": "Catatan",
    "assign": "Ambil",
    "undo": "Batalkan",
    "attachment": "Lampiran",
}
FIELD = {
    "kategori": "Kategori",
    "wilayah": "Tempat",
    "opd_suggested": "Usulan OPD",
    "urgency": "Urgensi",
    "klasifikasi": "Klasifikasi",
    "anonim": "Anonim",
    "rahasia": "Rahasia",
    "berkadar_pengawasan": "Berkadar pengawasan",
    "language": "Bahasa",
    "stub": "Tidak terbaca",
}
LANGUAGE = {"id": "Indonesia", "jv": "Jawa", "mixed": "campuran", "unknown": "tidak dikenali"}
_YES = {"true": "ya", "false": "tidak", "unknown": "belum jelas"}


def number(n: float) -> str:
    """Write a number with Indonesian separators."""
    text = f"{n:,}" if isinstance(n, int) else f"{n:,.1f}"
    return text.translate(str.maketrans(",.", ".,"))


def zone_name(zone: ZoneInfo) -> str:
    """Return WIB, WITA or WIT (another zone by its own name)."""
    return _ZONES.get(zone.key, zone.key)


def day(moment: datetime, zone: ZoneInfo) -> str:
    """Write a date: 24 Nov 2026."""
    local = moment.astimezone(zone)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def clock(moment: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """Write a time of day: 08.15."""
    return moment.astimezone(zone).strftime("%H.%M.%S" if seconds else "%H.%M")


def exact(moment: datetime, zone: ZoneInfo) -> str:
    """Write a moment in full: 24 Nov 2026 08.15 WIB."""
    return f"{day(moment, zone)} {clock(moment, zone)} {zone_name(zone)}"


def short(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Write a moment for a narrow column: the year only when it is another one."""
    text = f"{day(moment, zone)} {clock(moment, zone)}"
    year = f" {now.astimezone(zone).year} "
    return text.replace(year, " ", 1)


def age(span: timedelta) -> str:
    """Say how long something took or has lasted, in the unit that fits."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((_DAY, "hari"), (_HOUR, "jam"), (_MINUTE, "menit")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} detik"


def relative(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Say how long ago: baru saja, 5 menit lalu, 2 jam lalu, kemarin 14.05, 3 hari lalu."""
    seconds = (now - moment).total_seconds()
    if seconds < -_MINUTE or seconds >= 30 * _DAY:
        return day(moment, zone)
    if seconds < _MINUTE:
        return "baru saja"
    days = (now.astimezone(zone).date() - moment.astimezone(zone).date()).days
    if days == 0 or seconds < 6 * _HOUR:
        return f"{age(now - moment)} lalu"
    return f"kemarin {clock(moment, zone)}" if days == 1 else f"{days} hari lalu"


def calls(counted: Sequence[Mapping[str, Any]]) -> str:
    """Say what came of the calls to 112; without a call nothing."""
    told = ", ".join(f"{number(c['n'])} {c['panggilan']}" for c in counted)
    return f"Panggilan 112: {told}. Yang iseng dan kosong tidak dihitung laporan." if told else ""


def unmarked(text: str) -> str:
    """Write text so that Streamlit reads no Markdown in it."""
    return "".join(f"\\{c}" if c in "\\`*_[]()#:$!<>~|" else c for c in text)


def plain(code: str) -> str:
    """Make a code nobody has a name for readable: jalan_rusak -> Jalan rusak."""
    text = code.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def named(code: str | None, names: Mapping[str, str]) -> str:
    """Return a code's name, else the code made readable, else a dash."""
    if not code:
        return "-"
    return names.get(code) or plain(code)


def place(
    kelurahan_desa: str | None, kecamatan: str | None, kabupaten_kota: str | None = ""
) -> str:
    """Write a place from the narrow to the wide; empty when it is unknown."""
    parts = []
    if kelurahan_desa:
        parts.append(f"Desa/Kel. {kelurahan_desa}")
    if kecamatan:
        parts.append(f"Kec. {kecamatan}")
    if kabupaten_kota:
        parts.append(kabupaten_kota)
    return ", ".join(parts)


def value_of(field: str, value: str, kategori: Mapping[str, str], opd: Mapping[str, str]) -> str:
    """Write an explained value the way the screen names it."""
    if field == "kategori":
        return named(value, kategori)
    if field == "opd_suggested":
        return named(value, opd) if value else "tidak ada usulan"
    if field in ("anonim", "rahasia", "berkadar_pengawasan", "stub"):
        return _YES.get(value, value)
    tables = {"klasifikasi": KLASIFIKASI, "urgency": URGENCY, "language": LANGUAGE}
    return named(value, tables.get(field, {}))


def rule_of(rule: str, kategori: Mapping[str, str]) -> str:
    """Write a rule without the codes it names."""
    for code, name in kategori.items():
        rule = rule.replace(f"kategori {code}", f"kategori “{name}”")
    for code, name in KLASIFIKASI.items():
        rule = rule.replace(
            code, name.lower() if code != "whistleblowing" else "dugaan pelanggaran"
        )
    return rule.replace("_", " ")
