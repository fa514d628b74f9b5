"""The deployments: docker-compose.yml against the Compose Specification, the image, the units."""

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.needs import program

ROOT = Path(__file__).parents[1]
STAGES = ("connectors", "normalizer", "dedup", "sink", "dashboard", "api")
UNITS = ("kanal.service", "kanal@.service")
Compose = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> Compose:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


@pytest.fixture(scope="module")
def specification() -> jsonschema.Draft202012Validator:
    """The Compose Specification's own schema, as check-jsonschema carries it."""
    path = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def stage(compose: Compose, name: str) -> dict[str, Any]:
    """Return the service of a stage."""
    return dict(compose["services"][name])


# -- docker-compose.yml -----------------------------------------------------------------------


def test_keeps_to_the_specification(
    compose: Compose, specification: jsonschema.Draft202012Validator
) -> None:
    found = [
        f"{'.'.join(map(str, e.path))}: {e.message}" for e in specification.iter_errors(compose)
    ]
    assert found == []


SPOILT: list[Callable[[Compose], object]] = [
    lambda c: c["services"]["sink"].update(restrat="always"),
    lambda c: c["services"]["sink"].update(healthcheck={"test": 7}),
    lambda c: c["services"]["kafka"].update(ports={"9092": "9092"}),
    lambda c: c["services"]["dedup"].update(depends_on={"kafka": {"condition": "awake"}}),
    lambda c: c.update(volume={"data": None}),
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_the_specification_refuses_what_is_spoilt(
    compose: Compose,
    specification: jsonschema.Draft202012Validator,
    spoil: Callable[[Compose], object],
) -> None:
    spoilt = copy.deepcopy(compose)
    spoil(spoilt)
    assert not specification.is_valid(spoilt)


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_is_a_service(compose: Compose, name: str) -> None:
    service = stage(compose, name)
    assert service["command"] == ["run", name, "--data", "/data"]
    assert service["environment"]["KANAL_BUS"] == "kafka"
    assert service["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_everything_comes_back_by_itself(compose: Compose) -> None:
    assert {s["restart"] for s in compose["services"].values()} == {"unless-stopped"}


def test_kafka_is_the_official_image_in_kraft_mode(compose: Compose) -> None:
    kafka = compose["services"]["kafka"]
    assert re.fullmatch(r"apache/kafka:4\.\d+\.\d+", kafka["image"])
    assert kafka["environment"]["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert kafka["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert kafka["healthcheck"]["test"]


def test_only_the_proxy_is_reached_from_outside(compose: Compose) -> None:
    services = compose["services"]
    assert {n: s["ports"] for n, s in services.items() if "ports" in s} == {
        "front": ["80:80", "443:443"]
    }
    joined = {n for n, s in services.items() if s.get("network_mode") == "service:front"}
    assert joined == {"proxy", "connectors", "dashboard", "api"}


def test_every_volume_is_declared_and_used(compose: Compose) -> None:
    mounted = {v.partition(":")[0] for s in compose["services"].values()
               for v in s.get("volumes", ())}  # fmt: skip
    assert {v for v in mounted if not v.startswith(".")} == set(compose["volumes"])
    assert {v for v in mounted if v.startswith(".") and not (ROOT / v).exists()} == set()


def test_no_secret_is_inside(compose: Compose) -> None:
    given = {(n, k): str(v) for n, s in compose["services"].items()
             for k, v in s.get("environment", {}).items()}  # fmt: skip
    telling = re.compile(r"secret|token|password|hash|key|user", re.IGNORECASE)
    written = {k: v for k, v in given.items() if telling.search(k[1]) and not v.startswith("${")}
    assert written == {}
    assert stage(compose, "connectors")["env_file"] == [{"path": ".env", "required": False}]
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


# -- the image --------------------------------------------------------------------------------


def test_the_image_holds_what_runs_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert {name for name in let_in if not (ROOT / name).exists()} == set()
    assert not let_in & {"data", ".env", ".git", "tests"}
    assert {"requirements.lock", "pyproject.toml", "config", "gateway"} <= let_in


def test_image_and_compose_are_of_the_release(compose: Compose) -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    images = {s["image"] for s in compose["services"].values() if s["image"].startswith("kanal")}
    assert images == {f"kanal:{version[1]}"}


# -- the machine without Docker ---------------------------------------------------------------


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that exists on this machine."""
    for name in UNITS:
        text = (ROOT / "deploy" / name).read_text()
        text, count = re.subn(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
        assert count == 1
        (tmp_path / name).write_text(text)
    return tmp_path


def test_systemd_understands_the_units(units: Path) -> None:
    verify = [program("systemd-analyze", "systemd"), "verify", "--man=no"]
    names = ["kanal.service", "kanal@dedup.service"]
    shutil.copy(units / "kanal@.service", units / "kanal@dedup.service")
    done = subprocess.run([*verify, *names], cwd=units, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_locked_down(units: Path, name: str) -> None:
    security = [
        program("systemd-analyze", "systemd"),
        "security",
        "--offline=true",
        "--threshold=20",
    ]
    done = subprocess.run([*security, name], cwd=units, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:]


@pytest.mark.parametrize(
    ("name", "command"), [("kanal.service", "up"), ("kanal@.service", "run %i")]
)
def test_a_unit_comes_back_and_keeps_its_data_to_itself(name: str, command: str) -> None:
    lines = (ROOT / "deploy" / name).read_text().splitlines()
    assert f"ExecStart=/opt/kanal/.venv/bin/kanal {command} --data /var/lib/kanal" in lines
    for line in ("Restart=always", "Type=exec", "StateDirectoryMode=0700", "UMask=0077",
                 "EnvironmentFile=-/etc/kanal/kanal.env"):  # fmt: skip
        assert line in lines
