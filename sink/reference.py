"""Loads the reference tables (areas, offices, topics) that the gateway hands in as plain rows."""

from collections.abc import Sequence

from sink.store import Store

WilayahRow = tuple[str, str, str, str, str, str, float | None, float | None]
"""tenant, kode, nama, level, tipe, kode_induk, lat, lon."""

OpdRow = tuple[str, str, str]
"""tenant, kode, nama."""

KategoriRow = tuple[str, str]
"""kode, uraian."""


def load_reference(
    store: Store,
    wilayah_rows: Sequence[WilayahRow],
    opd_rows: Sequence[OpdRow],
    kategori_rows: Sequence[KategoriRow],
) -> bool:
    """Let the reference tables hold exactly these rows; True if anything changed."""
    changed = [
        store.replace_table("wilayah", wilayah_rows),
        store.replace_table("opd", opd_rows),
        store.replace_table("kategori", kategori_rows),
    ]
    return any(changed)
