"""Open311 GeoReport v2: JSON and XML, one report however often it is sent, masked when read."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids
from gateway.open311_words import answer
from tests.gateway.house import TENANT
from tests.gateway.public_house import OPEN, Street, later, run

BASE = "/open311/v2"
SAID = {
    "jurisdiction_id": TENANT, "service_code": "pju", "lat": "-8.1312", "long": "112.2201",
    "description": "Lampu mati di simpang tiga – gelap", "first_name": "Sri", "last_name": "Contoh",
    "phone": "0812-0000-0102", "email": "sri@contoh.id",
}  # fmt: skip


def test_a_report_is_taken_in_json_and_in_xml(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        client = street.client
        posted = await client.post(f"{BASE}/requests.json", data=SAID)
        assert (posted.status_code, posted.headers["content-type"]) == (
            200, "application/json; charset=utf-8",
        )  # fmt: skip
        (row,) = posted.json()
        (raw,), (message,) = await street.raws(), await street.messages()
        assert row["service_request_id"] == ids.complaint_id(TENANT, "web", "", raw.external_id)
        assert message.text == SAID["description"]
        assert (message.lat, message.lon, message.sender.name) == (-8.1312, 112.2201, "Sri Contoh")
        assert b"api_key" not in raw.body
        # Parameters in the query, as the community's Swagger has them; the same words: the same.
        again = await client.post(f"{BASE}/requests.xml", params=SAID)
        found = ET.fromstring(again.content)
        assert (found.tag, found[0].tag) == ("service_requests", "request")
        assert found.findtext("request/service_request_id") == row["service_request_id"]
        assert len(await street.raws()) == 1

    run(tmp_path, scenario)


def test_what_makes_two_reports_one(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        async def post(key: str = "", **said: str) -> tuple[int, Any]:
            headers = {"idempotency-key": key} if key else {}
            done = await street.client.post(
                f"{BASE}/requests.json", data=SAID | said, headers=headers
            )
            return done.status_code, done.json()[0].get("service_request_id")

        first = await post()
        street.clock.at = later(minutes=9)
        assert await post() == first
        street.clock.at = later(minutes=21)
        assert await post() != first, "tomorrow it may be dark again"
        keyed = await post("k1")
        street.clock.at = later(hours=5)
        assert await post("k1") == keyed
        assert (await post("k1", description="Lain"))[0] == 409
        assert (await post("k2"))[1] != keyed[1]
        assert len(await street.raws()) == 4

    run(tmp_path, scenario, OPEN | {"sekaligus": 100})


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "teleportasi"}, 404, "service_code"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"lat": "91"}, 400, "lat"),
        ({"lat": "nan"}, 400, "lat"),
        ({"long": ""}, 400, "long"),
        ({"description": "x" * 4001}, 400, "description"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
        ({"jurisdiction_id": "lain"}, 404, "jurisdiction_id"),
        ({"api_key": "salah"}, 403, "api_key"),
        ({"api_key": ""}, 403, "api_key"),
    ],
)
def test_errors_have_open311s_shape(
    tmp_path: Path, said: dict[str, str], status: int, words: str
) -> None:
    async def scenario(street: Street) -> None:
        told = SAID | {"api_key": "kunci-contoh"} | said
        done = await street.client.post(f"{BASE}/requests.json", data=told)
        assert done.status_code == status
        (error,) = done.json()
        assert error["code"] == status
        assert error["description"].startswith(words) or words in error["description"]
        in_xml = await street.client.post(f"{BASE}/requests.xml", data=told)
        assert in_xml.status_code == status
        assert ET.fromstring(in_xml.content).findtext("error/code") == str(status)
        assert await street.raws() == []

    run(tmp_path, scenario, OPEN | {"api_key": "kunci-contoh"})


def test_whoever_sends_too_often_waits(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        assert (await street.client.post(f"{BASE}/requests.json", data=SAID)).status_code == 200
        done = await street.client.post(f"{BASE}/requests.json", data=SAID)
        assert (done.status_code, done.json()[0]["code"]) == (429, 429)
        assert 0 < int(done.headers["retry-after"]) <= 60

    run(tmp_path, scenario, OPEN | {"per_menit": 1, "sekaligus": 1})


def test_services_and_their_definition(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        client = street.client
        listed = (await client.get(f"{BASE}/services.json")).json()
        assert {"service_code": "pju", "service_name": "Penerangan jalan umum"}.items() <= next(
            row for row in listed if row["service_code"] == "pju"
        ).items()
        in_xml = ET.fromstring((await client.get(f"{BASE}/services.xml")).content)
        assert len(in_xml.findall("service")) == len(listed)
        one = (await client.get(f"{BASE}/services/pju.json")).json()
        assert one == {"service_code": "pju", "attributes": []}
        assert (await client.get(f"{BASE}/services/x.json")).status_code == 404
        found = ET.fromstring((await client.get(f"{BASE}/discovery.xml")).content)
        assert found.findtext("endpoints/endpoint/url") == BASE
        assert (await client.get(f"{BASE}/apa.json")).status_code == 404
        assert (await client.post(f"{BASE}/services.json", data=SAID)).status_code == 404

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 200),
        ({"status": "open,closed"}, 200),
        ({"status": "hilang"}, 400),
        ({"start_date": "kemarin"}, 400),
        ({"start_date": "2026-11-21T00:00:00"}, 400),
        ({"start_date": "2026-11-21T00:00:00+07:00", "end_date": "2026-11-22T00:00:00Z"}, 200),
    ],
)
def test_before_anything_is_published_there_is_nothing_to_read(
    tmp_path: Path, asked: dict[str, str], status: int
) -> None:
    async def scenario(street: Street) -> None:
        done = await street.client.get(f"{BASE}/requests.json", params=asked)
        assert done.status_code == status
        if status == 200:
            assert done.json() == []
        for path in ("requests", "request", "tokens"):
            assert (await street.client.get(f"{BASE}/{path}/1.json")).status_code == 404

    run(tmp_path, scenario)


@given(st.text())
def test_whatever_was_written_is_xml(text: str) -> None:
    done = answer("xml", ("rows", "row"), [{"description": text}])
    assert ET.fromstring(bytes(done.body)).tag == "rows"
