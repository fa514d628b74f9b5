"""The commands as a user runs them: JSON Lines, checks, trial secrets, SQL, bad input."""

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.clock import FrozenClock
from core.errors import ConfigError
from core.settings import load
from gateway import wiring
from gateway.citizens import Citizens
from gateway.doctor import examine
from gateway.lines import normalize_lines
from gateway.trial import make_trial_secrets
from tests.acceptance.running import command
from tests.gateway.house import CONFIG, SECRET, TENANT, settings

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
MINGGIRSARI = "35.05.10.2001"


def normalized(tmp_path: Path, *lines: str) -> list[dict[str, object]]:
    given = settings(tmp_path)
    return [json.loads(x) for x in normalize_lines(given, lines, FrozenClock(NOW))]


def test_a_line_needs_only_channel_and_text(tmp_path: Path) -> None:
    line = json.dumps({"channel": "sms", "text": "dalan bolong nang ds Minggirsari kec Kanigoro"})
    (found,) = normalized(tmp_path, line)
    assert found["tenant"] == TENANT
    assert found["account"] == ""
    assert found["kategori"] == "jalan_rusak"
    assert found["wilayah"]["kode"] == MINGGIRSARI  # type: ignore[index]
    assert found["received_at"] == found["occurred_at"] == "2026-11-25T02:00:00Z"
    (again,) = normalized(tmp_path, line)
    assert again["complaint_id"] == found["complaint_id"]


@pytest.mark.parametrize(
    ("sender", "platform"),
    [("081200001234", "tel"), ("+62 812-0000-1234", "tel"), ("UC_x9", "sms"), ({}, "")],
)
def test_a_sender_may_be_a_string(tmp_path: Path, sender: object, platform: str) -> None:
    line = json.dumps({"channel": "sms", "text": "halo", "sender": sender})
    (found,) = normalized(tmp_path, line)
    assert found["reporter"]["platform"] == platform  # type: ignore[index]
    assert bool(found["reporter_ref"]) is bool(sender)


def test_every_field_of_a_message_passes_and_order_is_kept(tmp_path: Path) -> None:
    lines = [
        {"channel": "web", "text": f"aduan {n}", "external_id": f"w{n}", "lat": -8.1, "lon": 112.2,
         "rating": 2, "occurred_at": "2026-11-24T08:00:00+07:00", "given": {"kategori": "x"},
         "attachments": [{"name": "foto.jpg", "url": "https://contoh.id/1"}], "direct": True}
        for n in range(20)
    ]  # fmt: skip
    found = normalized(tmp_path, *(json.dumps(line) for line in lines))
    assert [f["external_id"] for f in found] == [f"w{n}" for n in range(20)]
    assert found[0]["received_at"] == "2026-11-24T01:00:00Z"
    assert found[0]["given"] == {"kategori": "x"}
    assert found[0]["attachments"][0]["name"] == "foto.jpg"  # type: ignore[index]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("bukan json", "stdin, baris 2: bukan JSON"),
        ("[1]", "baris 2: harus berupa objek"),
        ('{"text": "a"}', "baris 2, channel: wajib diisi"),
        ('{"channel": "sms"}', "baris 2, text: wajib diisi"),
        ('{"channel": "sms", "text": "a", "lat": 99}', "baris 2, lat"),
        ('{"channel": "sms", "text": "a", "tenant": "kab-lain"}', "baris 2, tenant: tidak dikenal"),
    ],
)
def test_a_bad_line_is_named_and_the_good_ones_before_it_stay(
    tmp_path: Path, line: str, sentence: str
) -> None:
    given = settings(tmp_path)
    good = '{"channel": "sms", "text": "jalan rusak 081200001234"}'
    found = normalize_lines(given, [good, line], FrozenClock(NOW))
    assert json.loads(next(found))["channel"] == "sms"
    with pytest.raises(ConfigError, match=sentence):
        next(found)


def test_what_a_pipe_may_bring(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"channel": "sms", "text": "lampu mati"}',
        b'{"channel": "sms", "text": "huruf \xff rusak", "given": {"x": ["\\ud800"]}}',
    ]
    asked = [sys.executable, "-m", "gateway", "normalize", "--data", str(tmp_path)]
    done = subprocess.run(
        asked, input=b"\n".join(lines), capture_output=True, check=True, cwd=CONFIG.parent,
        env=os.environ | {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8:strict"},
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [f["text"] for f in found] == ["lampu mati", "huruf \ufffd rusak"]
    assert found[1]["given"] == {"x": ["\ufffd"]}


def test_normalize_then_dedup_as_commands(tmp_path: Path) -> None:
    told = ("Pohon tumbang menutup jalan di Desa Minggirsari Kecamatan Kanigoro",) * 2
    lines = "".join(
        json.dumps({"channel": "sms", "text": t, "external_id": str(n), "sender": f"0812{n:08}",
                    "occurred_at": f"2026-11-24T08:0{n}:00Z"}) + "\n"
        for n, t in enumerate((*told, "suwun pak"))
    )  # fmt: skip
    data = ("--data", str(tmp_path))
    first = command("normalize", *data, stdin=lines)
    assert first.returncode == 0, first.stderr
    second = command("dedup", *data, stdin=first.stdout)
    assert second.returncode == 0, second.stderr
    found = [json.loads(line) for line in second.stdout.splitlines()]
    assert [f["relation"] for f in found] == ["opened", "joined", "opened"]
    assert found[0]["case_id"] == found[1]["case_id"]
    assert found[1]["reason"]
    assert found[0]["text"] == told[0]
    bad = command("normalize", *data, stdin='{"text": "a"}\n')
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "baris 1, channel" in bad.stderr


def test_check_speaks_in_sentences(tmp_path: Path) -> None:
    sentences = [f.sentence for f in examine(settings(tmp_path))]
    assert any("sms" in s and "percobaan" in s for s in sentences)
    assert any("aturan: beres" in s for s in sentences)
    bare = load(CONFIG, tmp_path / "kosong", environ={})
    (finding,) = examine(bare, "sms")
    assert finding.wrong
    assert SECRET in finding.sentence
    with pytest.raises(ConfigError, match="kanal 'merpati' tidak ada"):
        examine(bare, "merpati")
    asked = command("check", "sms", "--data", str(tmp_path / "kosong"))
    assert asked.returncode == 1
    assert "BELUM DISAMBUNGKAN" in asked.stdout


def test_a_secret_in_a_file_stops_its_channel_only(tmp_path: Path) -> None:
    config = tmp_path / "config"
    (config / "tenants" / TENANT).mkdir(parents=True)
    text = (CONFIG / "tenants" / TENANT / "tenant.toml").read_text()
    (config / "tenants" / TENANT / "tenant.toml").write_text(
        text.replace("[channels.sms]", '[channels.sms]\nauth_token = "terlihat-semua"')
    )
    channels = wiring.channels(load(config, tmp_path / "data", environ={}))
    assert channels[TENANT, "sms"].state == "gagal"
    assert "rahasia tidak ditulis di berkas" in channels[TENANT, "sms"].sentence
    assert "terlihat-semua" not in channels[TENANT, "sms"].sentence
    assert channels[TENANT, "radio"].state == "terhubung"


def test_trial_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    given = load(CONFIG, tmp_path, environ={})
    assert "sms" in make_trial_secrets(given)
    path = tmp_path / "secrets.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.read_text()
    assert make_trial_secrets(load(CONFIG, tmp_path, environ={})) == []
    assert path.read_text() == first
    path.unlink()
    assert make_trial_secrets(load(CONFIG, tmp_path, environ={SECRET: "asli"})) == []
    assert not path.exists()


def test_simulate_refuses_where_real_citizens_write(tmp_path: Path) -> None:
    refused = command("simulate", "--count", "1", "--data", str(tmp_path))
    assert refused.returncode == 2
    assert "hanya untuk instalasi percobaan" in refused.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "merpati"), "tahap 'merpati' tidak ada"),
        (("sql", "select 1", "--format", "docx"), "--format 'docx' tidak ada"),
        (("sql", "select 1", "--flavour", "semua"), "--flavour 'semua' tidak ada"),
        (("sql", "select 1"), "Belum ada data yang diterbitkan"),
        (("check", "--config", "tidak-ada"), "folder pengaturan tidak ada"),
    ],
)
def test_bad_input_is_a_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    asked = command(*words, "--data", str(tmp_path))
    assert asked.returncode in (1, 2)
    assert sentence in asked.stderr
    assert "Traceback" not in asked.stderr


def test_the_same_seed_tells_the_same(tmp_path: Path) -> None:
    places = [("Minggirsari", "Kanigoro"), ("Tlogo", "Kanigoro")]

    def tell(seed: int) -> list[str]:
        citizens = Citizens(seed, places, FrozenClock(NOW))
        return [f"{t.way} {t.text} {t.id}" for t in citizens.tell(200)]

    assert tell(1) == tell(1) != tell(2)
    assert len(tell(1)) == 200
    assert {line.split()[0] for line in tell(1)} == {"sms", "radio", "call112"}
