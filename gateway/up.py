"""`kanal up`: trial secrets, one supervisor over everything, and the words that greet."""

import os
from pathlib import Path

from core import log
from core.settings import Settings, load
from core.settings_files import Table
from gateway import wiring
from gateway.supervisor import Supervisor
from gateway.trial import make_trial_secrets

# The demo may run beside a real house: its own folder, its own ports.
_DEMO_DATA = "data-demo"
_DEMO_PORTS: dict[str, Table] = {"intake": {"port": 8090}, "dashboard": {"port": 8511}}
# First a morning's worth of complaints, then one every few seconds.
_DEMO_FEEDS = (
    ("simulate", "--count", "300", "--seed", "1", "--rate", "20"),
    ("simulate", "--count", "100000", "--seed", "2", "--rate", "0.25"),
)


def bring_up(config: Path, data: Path | None, ports: dict[str, Table], *, demo: bool) -> int:
    """Run everything until told to stop; return the exit code."""
    log.configure()
    config = config.absolute()
    data = (data or Path(_DEMO_DATA if demo else "data")).absolute()
    if demo:
        ports = {**_DEMO_PORTS, **ports}
    wiring.prepare_folder(data)
    given: dict[str, object] = {**ports, **({"demo": True} if demo else {})}
    settings = load(config, data, overrides=given)
    if made := make_trial_secrets(settings):
        print(f"Rahasia percobaan dibuat di {data / 'secrets.env'} untuk: {', '.join(made)}.")
        settings = load(config, data, overrides=given)
    for channel in wiring.channels(settings).values():
        if channel.state in ("gagal", "belum_disambungkan"):
            print(f"{channel.tenant}/{channel.spec.name}: {channel.sentence}")
    print("Memulai…", flush=True)
    feeds = _DEMO_FEEDS if demo else ()
    supervisor = Supervisor(settings, lambda line: print(line, flush=True), feeds)
    return supervisor.run_until_stopped(lambda seconds: welcome(settings, seconds))


def welcome(settings: Settings, seconds: float) -> str:
    """Say where everything is and how to send a first complaint."""
    tenant = next(iter(settings.tenants))
    dashboard = f"http://{settings.dashboard.host}:{settings.dashboard.port}"
    folders = f"--config {_short(settings.config_dir)} --data {_short(settings.data_dir)}"
    lines = [
        f"Siap dalam {seconds:.1f} detik.",
        f"  Dasbor  {dashboard}",
        f"  Intake  {settings.intake.address}/hooks/{tenant}/<kanal>",
        "Kirim aduan pertama dengan salah satu cara ini:",
        f"  .venv/bin/kanal simulate --count 1 --port {settings.intake.port} {folders}",
        f"  letakkan transkrip (JSON, CSV, TXT) di "
        f"{_short(settings.data_dir)}/inbox/{tenant}/call112/",
        f"  isi formulir radio di {dashboard}/catat",
        "Berhenti: Ctrl-C.",
    ]
    return "\n".join(lines)


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
