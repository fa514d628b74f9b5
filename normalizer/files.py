"""Reads rule files, keeps their hash, and names file and line of whatever is wrong in them."""

import csv
import gzip
import hashlib
import tomllib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from core.errors import ConfigError

Table = Mapping[str, object]


class Files:
    """The rule files of one load: what they hold, and one hash over all bytes read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._hash = hashlib.blake2b(digest_size=6)

    def version(self, *more: str) -> str:
        """Hash every byte read so far, and what else decides how the rules work."""
        whole = self._hash.copy()
        whole.update("\n".join(more).encode())
        return f"r1-{whole.hexdigest()}"

    def read(self, name: str, optional: bool = False) -> bytes:
        """Return a file's bytes; an optional file that is absent is empty."""
        try:
            body = (self.root / name).read_bytes()
        except FileNotFoundError:
            if optional:
                return b""
            raise ConfigError(f"{self.root / name}: berkas tidak ada") from None
        except OSError as error:
            raise ConfigError(f"{self.root / name}: tidak dapat dibaca ({error})") from error
        self._hash.update(f"{name}\0{len(body)}\0".encode())
        self._hash.update(body)
        return body

    def text(self, name: str, optional: bool = False) -> str:
        """Return a file's text, which must be UTF-8."""
        try:
            return self.read(name, optional).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.root / name}: bukan UTF-8 ({error})") from error

    def gzipped(self, name: str) -> str:
        """Return the text of a gzip file."""
        try:
            return gzip.decompress(self.read(name)).decode()
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.root / name}: bukan gzip berisi UTF-8 ({error})") from error

    def toml(self, name: str, optional: bool = False) -> Table:
        """Return a TOML file as a table; a slip is named with its line."""
        try:
            return tomllib.loads(self.text(name, optional))
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{self.root / name}: {error}") from error

    def rows(
        self, name: str, columns: Sequence[str], optional: bool = False
    ) -> Iterator[tuple[int, list[str]]]:
        """Yield the line number and the fields of every row of a CSV file with a fixed head."""
        lines = csv.reader(self.text(name, optional).splitlines())
        head = next(lines, None)
        if head is None and optional:
            return
        if head != list(columns):
            raise self.error(name, "baris 1", f"kepala kolom harus {','.join(columns)}")
        for row in lines:
            if not row:
                continue
            if len(row) != len(columns):
                message = f"{len(row)} kolom, seharusnya {len(columns)}"
                raise self.error(name, f"baris {lines.line_num}", message)
            yield lines.line_num, [value.strip() for value in row]

    def error(self, name: str, where: str, what: str) -> ConfigError:
        """Name the file and the place in it that an operator has to mend."""
        return ConfigError(f"{self.root / name}: {where}: {what}")

    def table(self, name: str, parent: Table, key: str, optional: bool = False) -> Table:
        """Return a sub-table, or say that it is missing."""
        value = parent.get(key, {} if optional else None)
        if not isinstance(value, dict):
            raise self.error(name, f"[{key}]", "tabel tidak ada atau bukan tabel")
        return value

    def tables(self, name: str, parent: Table, key: str) -> list[Table]:
        """Return an array of tables; absent means none."""
        value = parent.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.error(name, f"[[{key}]]", "harus berupa daftar tabel")
        return value

    def string(self, name: str, parent: Table, key: str) -> str:
        """Return a non-empty string."""
        value = parent.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, key, "harus berupa teks yang tidak kosong")
        return value

    def strings(self, name: str, parent: Table, key: str) -> list[str]:
        """Return a list of non-empty strings; absent means none."""
        value = parent.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.error(name, key, "harus berupa daftar teks yang tidak kosong")
        return value

    def mapping(self, name: str, parent: Table, key: str) -> dict[str, str]:
        """Return a table of strings; absent means none."""
        rows = self.table(name, parent, key, optional=True)
        return {word: self.string(name, rows, word) for word in rows}
