"""One complaint through the whole house for real: request, file and form to a row and a line."""

import asyncio
import json
from collections.abc import Iterator, Mapping

import httpx
import pytest

from core import keys
from core.bus.embedded import EmbeddedBus
from core.clock import system_clock
from core.signatures import INTERNAL_HEADER, sign_internal
from tests.acceptance.running import Running, command, running
from tests.acceptance.two_doors import deliver_at_both, second_door
from tests.gateway.house import TENANT, sms

COUNT = "SELECT count(*) FROM complaints"
PAIRS = 100


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("rumah")) as made:
        yield made


@pytest.fixture
def second(house: Running) -> Iterator[str]:
    """A second process that takes things in, on the same data folder."""
    with second_door(house, house.data) as address:
        yield address


def post(house: Running, text: str, sid: str) -> int:
    url, headers, body = sms(house.base, text, sid)
    return httpx.post(url, headers=headers, content=body, trust_env=False).status_code


def count(house: Running, where: str) -> str:
    return f"{COUNT} WHERE {where}"


def test_an_sms_becomes_a_row_that_sql_shows(house: Running) -> None:
    text = "Lampu PJU mati di Desa Minggirsari Kecamatan Kanigoro, gelap sekali"
    assert post(house, text, "SM100") == 200
    house.wait_for(count(house, "external_id = 'SM100'"), 1)
    asked = command(
        "sql", "select channel, kategori, kecamatan, kelurahan_desa, simulated from complaints",
        "--format", "json", "--data", str(house.data),
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    rows = [json.loads(line) for line in asked.stdout.splitlines()]
    assert {
        "channel": "sms", "kategori": "pju", "kecamatan": "Kanigoro",
        "kelurahan_desa": "Minggirsari", "simulated": True,
    } in rows  # fmt: skip
    before = house.sql("SELECT count(*) AS n, max(pub_seq) AS s FROM complaint_versions")
    assert post(house, text, "SM100") == 200
    assert post(house, "Pohon tumbang di Desa Tlogo Kanigoro", "SM101") == 200
    house.wait_for(count(house, "external_id = 'SM101'"), 1)
    after = house.sql("SELECT count(*) AS n FROM complaint_versions")
    assert after[0]["n"] == before[0]["n"] + 1  # type: ignore[operator]


def test_the_same_problem_told_twice_is_one_case(house: Running) -> None:
    words = "Jalan berlubang di depan balai Desa Sawentar Kecamatan Kanigoro, banyak yang jatuh"
    assert post(house, words, "SM200") == 200
    assert post(house, words + " pak", "SM201") == 200
    house.wait_for(count(house, "external_id IN ('SM200', 'SM201')"), 2)
    found = house.sql(
        "SELECT case_id, relation, reason, ticket_no FROM complaints"
        " WHERE external_id IN ('SM200', 'SM201') ORDER BY arrived_seq"
    )
    assert [row["relation"] for row in found] == ["opened", "joined"]
    assert found[0]["case_id"] == found[1]["case_id"]
    assert found[0]["ticket_no"] != found[1]["ticket_no"]
    assert found[1]["reason"]


def test_a_transcript_file_that_is_half_good(house: Running) -> None:
    inbox = house.data / "inbox" / TENANT / "call112"
    inbox.mkdir(parents=True, exist_ok=True)
    lines = [
        "id;waktu;transkrip;lokasi",
        "P-1;2026-11-20 08:15;Pohon tumbang menutup jalan;Desa Jatinom Kanigoro",
        "P-2;kemarin sore;Banjir di rumah warga;Desa Gaprang",
        "P-3;2026-11-20 09:00;;Desa Tlogo",
        "P-4;2026-11-20 09:30;Ada kebakaran lahan;Desa Papungan Kanigoro",
    ]
    hidden = inbox / "panggilan.csv.tmp"
    hidden.write_text("\n".join(lines))
    hidden.rename(inbox / "panggilan.csv")
    house.wait_for(count(house, "channel = 'call112' AND external_id LIKE 'P-%'"), 2)
    reasons = (inbox / "failed" / "panggilan.csv.alasan.txt").read_text().splitlines()
    assert [line.split(", ")[:2] for line in reasons] == [
        ["panggilan.csv", "baris 3"], ["panggilan.csv", "baris 4"],
    ]  # fmt: skip
    assert "waktu" in reasons[0]
    assert "transkrip" in reasons[1]
    assert list((inbox / "processed").glob("*panggilan.csv"))


def test_calls_are_counted_by_what_came_of_them(house: Running) -> None:
    inbox = house.data / "inbox" / TENANT / "call112"
    inbox.mkdir(parents=True, exist_ok=True)
    lines = [
        "id;waktu;transkrip;hasil",
        "H-1;2026-11-20 08:15;Tiang listrik roboh di Desa Tlogo Kanigoro;Answered",
        "H-2;2026-11-20 08:16;halo halo cuma bercanda;Prank",
        "H-3;2026-11-20 08:17;;PRANK",
        "H-4;2026-11-20 08:18;;ghost",
        "H-5;2026-11-20 08:19;Jam buka samsat berapa;Information",
    ]
    (inbox / "hasil.csv").write_text("\n".join(lines))
    house.wait_for(count(house, "external_id LIKE 'H-%'"), 5)
    asked = command(
        "sql", "select panggilan, count(*) as n, count(*) filter (laporan) as laporan "
        "from complaints where panggilan is not null and not simulated group by 1 order by 1",
        "--format", "json", "--data", str(house.data),
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    assert [json.loads(line) for line in asked.stdout.splitlines()] == [
        {"panggilan": "informasi", "n": 1, "laporan": 1},
        {"panggilan": "iseng", "n": 2, "laporan": 0},
        {"panggilan": "kosong", "n": 1, "laporan": 0},
        {"panggilan": "terjawab", "n": 1, "laporan": 1},
    ]
    house.wait_for("SELECT count(*) > 0 FROM books WHERE channel = 'call112'", True)
    told = command("books", "--data", str(house.data)).stdout
    assert f"Panggilan 112 ({TENANT}): terjawab 1, iseng 2, kosong 1, informasi 1" in told


def test_the_radio_form_sent_twice_is_one_complaint(house: Running) -> None:
    path = f"/hooks/{TENANT}/radio"
    form = {
        "form_id": "8d3f0f6e-6f4e-4a66-9c2e-111111111111", "program": "Sambung Rasa",
        "waktu_siar": "2026-11-20T07:40", "isi": "Sampah menumpuk di pasar Kanigoro",
    }  # fmt: skip
    body = json.dumps(form).encode()
    key = keys.internal_key(house.data)
    for _ in range(2):
        signed = {INTERNAL_HEADER: sign_internal(key, path, body, system_clock())}
        answer = httpx.post(house.base + path, content=body, headers=signed, trust_env=False)
        assert answer.status_code == 200
    complaint_id = answer.json()["complaint_id"]
    house.wait_for(count(house, f"complaint_id = '{complaint_id}'"), 1)
    (row,) = house.sql(f"SELECT * FROM complaints WHERE complaint_id = '{complaint_id}'")
    assert (row["channel"], row["kategori"]) == ("radio", "sampah")


def test_an_unknown_payload_is_parked_and_seen_and_the_next_is_stored(house: Running) -> None:
    from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

    from tests.gateway.house import TOKEN

    url = f"{house.base}/hooks/{TENANT}/sms"
    form = {"Aneh": "1"}
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": RequestValidator(TOKEN).compute_signature(url, form),
    }
    answer = httpx.post(url, headers=headers, content=b"Aneh=1", trust_env=False)
    assert answer.status_code == 200
    assert post(house, "Banjir di Desa Kuningan Kanigoro", "SM300") == 200
    house.wait_for(count(house, "external_id = 'SM300'"), 1)
    house.wait_for("SELECT count(*) FROM parked WHERE channel = 'sms'", 1)
    (parked,) = house.sql("SELECT complaint_id FROM parked WHERE channel = 'sms'")
    (stub,) = house.sql(f"SELECT * FROM complaints WHERE complaint_id = '{parked['complaint_id']}'")
    assert stub["stub"]
    assert str(stub["text"]).startswith("(pesan tidak dapat dibaca")


def test_a_second_house_on_the_same_data_is_refused_in_a_sentence(house: Running) -> None:
    second = command("up", "--data", str(house.data), "--port", "1", "--dashboard-port", "2")
    assert second.returncode == 2
    assert "sudah dijalankan oleh kanal up lain" in second.stderr


def test_simulated_citizens_are_all_accepted(house: Running) -> None:
    sent = command(
        "simulate", "--count", "40", "--seed", "7", "--duplicates", "0.2", "--rate", "0",
        "--data", str(house.data), "--port", str(house.settings.intake.port),
    )  # fmt: skip
    assert sent.returncode == 0, sent.stderr
    words = dict(pair.split("=") for pair in sent.stdout.split())
    assert words["diterima"] == words["dikirim"]
    assert int(words["dikirim"]) > 40
    # A redelivery adds none: forty told, forty stored, though some citizens wrote in pieces.
    told = "(channel = 'sms' AND length(external_id) = 34) OR external_id LIKE 'SIM-%'"
    messages = count(house, f"simulated AND (channel = 'radio' OR {told})")
    house.wait_for(messages.replace("count(*)", "CAST(sum(messages) AS INTEGER)"), 40)


def test_two_deliveries_at_one_instant_are_stored_once(house: Running, second: str) -> None:
    sids = [f"SMPAIR{n:04d}" for n in range(PAIRS)]
    answers = deliver_at_both(house, second, sids)
    # Both were told that it is safe; it is, once.
    assert answers == [[200] * PAIRS] * 2
    ours = "starts_with(external_id, 'SMPAIR')"
    house.wait_for(count(house, ours), PAIRS, 120)
    rows = house.sql(f"SELECT external_id, ticket_no FROM complaint_versions WHERE {ours}")
    assert sorted(str(row["external_id"]) for row in rows) == sids
    assert len({row["ticket_no"] for row in rows}) == PAIRS


def test_the_second_of_two_deliveries_is_counted(house: Running, second: str) -> None:
    before = asyncio.run(tallies(house))
    assert deliver_at_both(house, second, [f"SMBOTH{n:04d}" for n in range(5)]) == [[200] * 5] * 2
    after = asyncio.run(tallies(house))
    more = {what: after[what] - before[what] for what in ("received", "stored", "redelivered")}
    assert more == {"received": 10, "stored": 5, "redelivered": 5}


async def tallies(house: Running) -> Mapping[str, int]:
    """What the log has counted of SMS: rows written with what they count, so never late."""
    bus = EmbeddedBus(house.data / "bus" / "log.sqlite")
    try:
        counted = (await bus.status()).tallies
    finally:
        await bus.close()
    return {what: n for (_, channel, what), n in counted.items() if channel == "sms"}
