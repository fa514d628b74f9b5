"""How the dashboard's server is started, and that its folder shadows nobody."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from streamlit import config as streamlit_config

import dashboard

HERE = Path(dashboard.__file__).parent
CONFIG, DATA = Path("/etc/kanal"), Path("/var/kanal")
ARGV = dashboard.command(CONFIG, DATA, "127.0.0.1", 8501)
FLAGS = [a.removeprefix("--").partition("=")[::2] for a in ARGV if a.startswith("--") and "=" in a]


def test_the_script_gets_its_folders_after_the_flags() -> None:
    assert ARGV[0] == sys.executable
    assert ARGV[1:4] == ["-m", "streamlit", "run"]
    assert ARGV[ARGV.index("--") + 1 :][:4] == ["--config", str(CONFIG), "--data", str(DATA)]


def test_every_flag_is_a_real_option() -> None:
    known = set(streamlit_config.get_config_options(force_reparse=False))
    strangers = {name for name, _ in FLAGS if name not in known}
    assert strangers == set()


def test_what_must_not_be_left_to_a_default() -> None:
    flags = dict(FLAGS)
    wanted = {
        "runner.postScriptGC": "false", "browser.gatherUsageStats": "false",
        "client.toolbarMode": "viewer", "client.showErrorDetails": "none",
        "server.disconnectedSessionTTL": "600", "server.fileWatcherType": "none",
        "server.headless": "true", "server.enableXsrfProtection": "true",
        "server.enableCORS": "true", "server.enableStaticServing": "false",
        "server.address": "127.0.0.1", "server.port": "8501",
    }  # fmt: skip
    assert {name: flags.get(name) for name in wanted} == wanted
    allowed = [value for name, value in FLAGS if name == "server.allowedHosts"]
    assert allowed == ["localhost", "127.0.0.1", "[::1]"]


def test_the_environment_is_the_office_clock() -> None:
    assert dashboard.environment("Asia/Jayapura") == {"TZ": "Asia/Jayapura"}


def test_starting_it_imports_no_streamlit() -> None:
    code = "import dashboard, sys; sys.exit('streamlit' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, check=False).returncode == 0
    )


def test_no_file_bears_the_name_of_a_package() -> None:
    """Streamlit puts dashboard/ first on the path: `import sink` must still find the sink."""
    names = {path.stem for path in HERE.iterdir() if path.suffix == ".py" or path.is_dir()}
    own = {path.name for path in HERE.parent.iterdir() if (path / "__init__.py").exists()}
    taken = set(packages_distributions()) | set(sys.stdlib_module_names) | own
    assert not (names - {"__init__", "__pycache__"}) & taken
