"""The installation's keys: made once, kept private, never silently replaced."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import keys
from core.errors import ConfigError


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = keys.internal_key(tmp_path)
    assert len(first) == 32
    assert keys.internal_key(tmp_path) == first
    assert keys.installation_key(tmp_path) != first
    assert keys.analyst_key(tmp_path, "kab-uji") != keys.analyst_key(tmp_path, "kota-uji")
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_all_who_ask_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: keys.installation_key(tmp_path), range(64)))
    assert len(found) == 1
    assert [p.name for p in (tmp_path / "keys").iterdir()] == ["installation.key"]


def test_a_damaged_key_is_not_made_anew(tmp_path: Path) -> None:
    keys.installation_key(tmp_path)
    (tmp_path / "keys" / "installation.key").write_bytes(b"short")
    with pytest.raises(ConfigError, match="pulihkan dari cadangan"):
        keys.installation_key(tmp_path)
