"""`kanal reference`: writes docs/reference and .env.example from the code, or says what is old."""

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typer.models import ArgumentInfo, OptionInfo

from connectors import CHANNELS
from core import schema, state
from core.connector import ChannelSpec
from core.settings import PREFIX, Settings, TenantSettings, trial_variable
from gateway.wiring import secrets_of

_RECORDS = (
    schema.RawMessage, schema.Message, schema.Complaint, schema.Decision, schema.RegisterEntry,
    schema.DeadLetter, state.ChannelState, state.Tallies, state.Alarm,
)  # fmt: skip
_MADE = "<!-- Dibuat oleh `make reference` dari kode; jangan disunting. -->\n"
_TENANT = "kab-blitar"


def write(root: Path) -> list[Path]:
    """Write every generated file that differs; return their paths."""
    found = stale(root)
    texts = _texts()
    for path in found:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(texts[path], encoding="utf-8")
    return found


def stale(root: Path) -> list[Path]:
    """Return the generated files that are missing or differ from the code."""
    return [path for path, text in _texts().items() if _read(root / path) != text]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _texts() -> Mapping[Path, str]:
    folder = Path("docs/reference")
    texts = {
        folder / "settings.md": _settings(),
        folder / "channels.md": _channels(),
        folder / "commands.md": _commands(),
        Path(".env.example"): _environment(),
    }
    for record in _RECORDS:
        text = json.dumps(record.model_json_schema(), ensure_ascii=False, indent=2) + "\n"
        texts[folder / "records" / f"{record.__name__}.json"] = text
    return texts


def _settings() -> str:
    parts = [
        f"# Pengaturan\n\n{_MADE}",
        "Urutan yang menang: baris perintah, variabel lingkungan, `DATA/secrets.env` (percobaan), "
        "berkas TOML. Kunci yang tidak dikenal ditolak. Setiap variabel punya varian `_FILE` yang "
        "menunjuk berkas berisi nilainya; tanda hubung pada nama kantor ditulis garis bawah.",
        "\n## config/gateway.toml\n\n" + _table(_gateway_rows()),
        "\n## config/tenants/KANTOR/tenant.toml\n\n" + _table(_rows("", TenantSettings)),
    ]
    for spec in CHANNELS.values():
        parts.append(f"\n### [channels.{spec.name}] {spec.label}\n\n" + _table(_channel_rows(spec)))
    return "\n".join(parts) + "\n"


def _gateway_rows() -> Iterator[tuple[str, ...]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _rows(f"{name}.", field.annotation)
        elif name in ("bus", "demo"):
            yield _row(name, field)


def _rows(prefix: str, model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _rows(f"{prefix}{name}.", field.annotation)
        else:
            yield _row(prefix + name, field)


def _channel_rows(
    spec: ChannelSpec, model: type[BaseModel] | None = None, prefix: str = ""
) -> Iterator[tuple[str, ...]]:
    secret = set(secrets_of(spec))
    for name, field in (model or spec.settings).model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _channel_rows(spec, field.annotation, f"{prefix}{name}.")
            continue
        shown, default, words = _row(prefix + name, field)
        if not prefix and name in secret:
            words = f"**Rahasia**, hanya `{trial_variable('KANTOR', spec.name, name)}`. {words}"
        yield shown, default, words


def _row(name: str, field: FieldInfo) -> tuple[str, ...]:
    default = field.get_default(call_default_factory=True, validated_data={})
    written = "wajib" if default is PydanticUndefined else f"`{_plain(default)}`"
    return f"`{name}`", written, field.description or ""


def _plain(default: object) -> str:
    return json.dumps(default, ensure_ascii=False, default=str)


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| kunci | bawaan | arti |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def _channels() -> str:
    head = ("kanal", "nama di layar", "cara", "kunci pengenal", "keaslian")
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    ways = {"push": "webhook", "pull": "diambil", "import": "diimpor"}
    for spec in CHANNELS.values():
        link = f"[{spec.name}](../../connectors/{spec.name}/README.md)"
        cells = (link, spec.label, ways[spec.mode], spec.idempotency_key, spec.authenticity)
        lines.append(f"| {' | '.join(cells)} |")
    return f"# Kanal\n\n{_MADE}\n" + "\n".join(lines) + "\n"


def _environment() -> str:
    lines = [
        "# Dibuat oleh `make reference`. Rahasia ditulis di sini (atau di berkas lewat _FILE),",
        "# tidak di TOML. Nama kantor: tanda hubung menjadi garis bawah.",
        "",
        f"# {PREFIX}INTAKE__PUBLIC_URL=https://aduan.contoh.go.id",
    ]
    for spec in CHANNELS.values():
        for name in secrets_of(spec):
            words = (spec.settings.model_fields[name].description or "").split(". ")[0]
            lines += ["", f"# {spec.label}: {words}".rstrip(".") + "."]
            lines.append(f"# {trial_variable(_TENANT, spec.name, name)}=")
    return "\n".join(lines) + "\n"


def _commands() -> str:
    from gateway import bus_care
    from gateway.cli import app

    lines = [f"# Perintah\n\n{_MADE}", "| perintah | guna |", "|---|---|"]
    commands = [("kanal", c) for c in app.registered_commands]
    commands += [("kanal bus", c) for c in bus_care.app.registered_commands]
    for group, command in commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        usage = " ".join((group, name, *_usage(command.callback)))
        lines.append(f"| `{usage}` | {(command.callback.__doc__ or '').strip()} |")
    return "\n".join(lines) + "\n"


def _usage(callback: Callable[..., object]) -> Iterator[str]:
    for name, param in inspect.signature(callback, eval_str=True).parameters.items():
        for info in getattr(param.annotation, "__metadata__", ()):
            if isinstance(info, OptionInfo) and not info.hidden:
                # In Annotated the name is the first argument, which typer keeps as the default.
                yield f"[{info.default if isinstance(info.default, str) else '--' + name}]"
            elif isinstance(info, ArgumentInfo):
                yield f"[{name.upper()}]"
