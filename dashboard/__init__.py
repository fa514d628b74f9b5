"""The dashboard's front door: how its server is started (nothing here imports Streamlit)."""

import sys
from pathlib import Path

_APP = Path(__file__).with_name("app.py")

# Every flag is an option of the pinned 1.67 (a test asks it); a default would be wrong in each.
_FLAGS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "server.enableStaticServing": "false",
    "server.enableXsrfProtection": "true",
    # The websocket is protected by this origin check, not by the XSRF token.
    "server.enableCORS": "true",
    "server.scriptHealthCheckEnabled": "false",
    # Offices on a flaky line come back to what they were reading.
    "server.disconnectedSessionTTL": "600",
    "server.maxUploadSize": "1",
    "server.showEmailPrompt": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    # A table's own CSV button would be an export nobody has logged.
    "client.disableDataExport": "true",
    # The default collects garbage after every heartbeat of every viewer: half the CPU.
    "runner.postScriptGC": "false",
    "runner.magicEnabled": "false",
    "logger.level": "warning",
    "logger.hideWelcomeMessage": "true",
    "theme.base": "light",
    "theme.primaryColor": "#0B5FA5",
    "theme.borderColor": "#D5DDE5",
    "theme.showWidgetBorder": "true",
}


def command(config: Path, data: Path, host: str, port: int) -> list[str]:
    """Return the argv of the dashboard's server."""
    flags = [f"--{name}={value}" for name, value in _FLAGS.items()]
    flags += [f"--server.address={host}", f"--server.port={port}", f"--browser.serverPort={port}"]
    # Without it a foreign page could point its own name at this server (DNS rebinding).
    for allowed in dict.fromkeys(("localhost", "127.0.0.1", "[::1]", host)):
        flags.append(f"--server.allowedHosts={allowed}")
    arguments = ["--config", str(config), "--data", str(data), "--log"]
    return [sys.executable, "-m", "streamlit", "run", str(_APP), *flags, "--", *arguments]


def environment(zone: str = "Asia/Jakarta") -> dict[str, str]:
    """Return what the server needs besides: widgets that ask for "today" get the office's."""
    return {"TZ": zone}
