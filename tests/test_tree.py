"""The rules of the tree: budgets, what may not be committed, and papers that match the code."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import SecretStr

from connectors import CHANNELS

ROOT = Path(__file__).parents[1]
PACKAGES = ("core", "connectors", "normalizer", "dedup", "sink", "dashboard", "gateway")
FILE_CAP, FUNCTION_CAP, FUNCTION_P90, CONNECTOR_CAP = 300, 50, 25, 200
DECISION_CAP, PAGE_CAP = 60, 100

# Written in halves, so that this file does not find itself.
REGISTRIES = [
    "pypi" ".org", "python" "hosted.org", "npm" "js.org", "maven" ".org", "maven.apache" ".org",
    "deb.debian" ".org", "crates" ".io", "proxy.golang" ".org", "registry-1.docker" ".io",
]  # fmt: skip
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:work|root|home/\w+)/")
SECRET_KEY = re.compile(r"token|secret|password|passwd|api_?key|private|credential", re.IGNORECASE)
CONFIG_KINDS = {".toml", ".csv", ".gz", ".geojson"}


@cache
def tracked() -> list[Path]:
    """Return the committed files."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


@cache
def text_of(path: Path) -> str:
    """Return a file's text; a binary one has none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def python() -> list[Path]:
    """Return the committed Python."""
    return [path for path in tracked() if path.suffix == ".py"]


def papers() -> list[Path]:
    """Return the committed documents."""
    return [path for path in tracked() if path.suffix == ".md"]


def name_of(path: Path) -> str:
    """Return a path as it is called in the tree."""
    return str(path.relative_to(ROOT))


def lengths(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every function of a file with its lines."""
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, node.name


# -- budgets ----------------------------------------------------------------------------------


def test_no_file_outgrows_its_room() -> None:
    sizes = {name_of(path): len(text_of(path).splitlines()) for path in python()}
    assert {name: size for name, size in sizes.items() if size > FILE_CAP} == {}


def test_no_function_outgrows_a_screen() -> None:
    found = {f"{name_of(p)}:{name}": n for p in python() for n, name in lengths(p)}
    assert {name: n for name, n in found.items() if n > FUNCTION_CAP} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_most_functions_are_short(package: str) -> None:
    files = [path for path in python() if path.is_relative_to(ROOT / package)]
    sizes = sorted(n for path in files for n, _ in lengths(path))
    assert not sizes or sizes[int(len(sizes) * 0.9)] <= FUNCTION_P90


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_connector_and_its_client_are_small(channel: str) -> None:
    # 200 lines each: docs/decisions/0006.
    files = [ROOT / "connectors" / channel / name for name in ("connector.py", "client.py")]
    sizes = {name_of(f): len(text_of(f).splitlines()) for f in files if f.exists()}
    assert {name: size for name, size in sizes.items() if size > CONNECTOR_CAP} == {}


# -- what may not be there --------------------------------------------------------------------


def test_tests_are_no_package() -> None:
    assert [name_of(p) for p in tracked() if p.match("tests/**/__init__.py")] == []
    assert not (ROOT / "tests" / "__init__.py").exists()


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_registry_is_named(host: str) -> None:
    assert [name_of(path) for path in tracked() if host in text_of(path)] == []


def test_no_path_of_somebodys_machine_is_written() -> None:
    assert [name_of(path) for path in tracked() if MACHINE_PATH.search(text_of(path))] == []


def test_config_is_data() -> None:
    files = [path for path in tracked() if path.is_relative_to(ROOT / "config")]
    assert {name_of(path) for path in files if path.suffix not in CONFIG_KINDS} == set()


def test_config_holds_no_secret() -> None:
    secret = {
        field
        for spec in CHANNELS.values()
        for field, info in spec.settings.model_fields.items()
        if SecretStr in (info.annotation, *get_args(info.annotation))
    }
    files = (ROOT / "config").rglob("*.toml")
    keys = {(name_of(f), key) for f in files for key in keys_of(tomllib.loads(text_of(f)))}
    assert secret, "no channel has a secret: the rule would hold for nothing"
    assert {(f, key) for f, key in keys if key in secret or SECRET_KEY.search(key)} == set()


def keys_of(table: Any) -> Iterator[str]:
    """Yield every key of a nested table."""
    if isinstance(table, list):
        for item in table:
            yield from keys_of(item)
    elif isinstance(table, dict):
        for key, value in table.items():
            yield key
            yield from keys_of(value)


def test_the_dashboard_shadows_no_package() -> None:
    # Streamlit puts dashboard/ first on the path: `import x` would find dashboard/x.py.
    ours = {path.relative_to(ROOT / "dashboard").parts[0].removesuffix(".py")
            for path in python() if path.is_relative_to(ROOT / "dashboard")}  # fmt: skip
    taken = {*PACKAGES, "tests", *sys.stdlib_module_names, *packages_distributions()}
    assert ours & taken == set()


# -- papers that match ------------------------------------------------------------------------


def targets() -> set[str]:
    """Return what the Makefile can make."""
    return set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))


def test_every_command_in_the_papers_exists() -> None:
    command = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
    said = {(name_of(p), target) for p in papers() for target in command.findall(text_of(p))}
    assert {"up", "test"} <= {target for file, target in said if file == "README.md"}
    assert {(file, target) for file, target in said if target not in targets()} == set()


def test_the_two_commands_are_the_first_of_the_readme() -> None:
    head = text_of(ROOT / "README.md").splitlines()[:12]
    assert re.findall(r"^make [a-z]+", "\n".join(head), re.MULTILINE) == ["make up", "make test"]


def test_every_target_runs_dry() -> None:
    done = subprocess.run(
        ["make", "--dry-run", *sorted(targets())],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_link_of_the_papers_leads_somewhere() -> None:
    links = {(path, link.partition("#")[0]) for path in papers()
             for link in re.findall(r"\]\(([^)\s]+)\)", text_of(path))
             if not link.startswith(("http", "mailto:", "#"))}  # fmt: skip
    assert {(name_of(p), link) for p, link in links if not (p.parent / link).exists()} == set()


def test_every_document_that_code_names_is_there() -> None:
    named = {(name_of(path), doc) for path in tracked() if path.suffix in {".py", ".sql", ".toml"}
             for doc in re.findall(r"docs/[\w./-]+\.md", text_of(path))}  # fmt: skip
    assert {(file, doc) for file, doc in named if not (ROOT / doc).exists()} == set()


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_changelog_tells_of_every_channel(channel: str) -> None:
    assert re.search(rf"^- \*\*{channel}\*\*: ", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)


def test_decisions_are_numbered_without_a_gap_and_fit_a_page() -> None:
    found = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert found
    assert [path.name[:5] for path in found] == [f"{n:04}-" for n in range(1, len(found) + 1)]
    for path in found:
        assert text_of(path).startswith(f"# {path.name[:4]}. "), path.name
        assert len(text_of(path).splitlines()) <= DECISION_CAP, path.name


def test_the_architecture_is_one_page() -> None:
    assert len(text_of(ROOT / "docs" / "architecture.md").splitlines()) <= PAGE_CAP


def test_pre_commit_runs_what_is_installed() -> None:
    config = yaml.safe_load(text_of(ROOT / ".pre-commit-config.yaml"))
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    programs = {hook["entry"].split()[0] for hook in hooks}
    assert {program for program in programs if not (ROOT / program).exists()} == set()
