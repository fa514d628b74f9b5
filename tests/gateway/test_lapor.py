"""The public form: shut unless the law is named, one complaint however often it is sent."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
from PIL import Image

from connectors.web.connector import photo_bytes
from core import ids
from core.errors import Unparseable
from gateway import wiring
from tests.gateway.house import TENANT
from tests.gateway.public_house import FORM, OPEN, Street, picture, run, settings

SAID = {
    "isi": "Lampu jalan mati & gelap <b>",
    "nama": "Sri Contohwati",
    "telepon": "0812-0000-0101",
}


async def post(
    street: Street, said: Mapping[str, str], files: Mapping[str, bytes] | None = None
) -> httpx.Response:
    nonce = said.get("nonce") or await street.nonce()
    return await street.client.post(
        FORM, data={**said, "nonce": nonce}, files=dict(files or {"x": b""})
    )


@pytest.mark.parametrize(
    ("web", "state"),
    [({}, "mati"), ({"enabled": True}, "gagal"), ({"enabled": True, "dasar_hukum": " "}, "gagal")],
)
def test_it_is_shut_without_a_legal_basis(
    tmp_path: Path, web: dict[str, object], state: str
) -> None:
    channel = wiring.channels(settings(tmp_path, web))[TENANT, "web"]
    assert channel.state == state
    assert ("dasar_hukum" in channel.sentence and "SP4N" in channel.sentence) == (state == "gagal")

    async def scenario(street: Street) -> None:
        for path in (FORM, "/lapor/lain", "/open311/v2/services.json", f"{FORM}/terima/1"):
            assert (await street.client.get(path)).status_code == 404
        assert (await street.client.post(FORM, data=SAID)).status_code == 404

    run(tmp_path, scenario, web)


def test_a_form_is_stored_once_and_receipted(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        nonce = await street.nonce()
        told = SAID | {"nonce": nonce, "wilayah": "35.05.10.2001", "lokasi": "depan balai desa",
                       "lat": "-8,1312", "lon": "112.2201", "kategori": "pju", "anonim": "ya",
                       "surel": "sri@contoh.id"}  # fmt: skip
        answers = await asyncio.gather(*(post(street, told) for _ in range(3)))
        assert {a.status_code for a in answers} == {303}
        (place,) = {a.headers["location"] for a in answers}
        (message,) = await street.messages()
        (raw,) = await street.raws()
        receipt = ids.complaint_id(TENANT, "web", "", raw.external_id)
        assert place == f"{FORM}/terima/{receipt}"
        assert receipt in (await street.client.get(place)).text
        assert message.text.startswith("Lampu jalan mati & gelap <b>\nLokasi: depan balai desa, ")
        assert ", Kecamatan " in message.text
        assert (message.lat, message.lon, message.anonim, message.rahasia) == (
            -8.1312, 112.2201, True, False,
        )  # fmt: skip
        assert message.sender.id == "0812-0000-0101"
        assert message.given["kategori"] == "pju"
        counts = await street.counts()
        assert (counts["stored"], counts["redelivered"]) == (1, 2)
        # The same form with other words is a complaint of its own: nothing is lost.
        changed = await post(street, told | {"isi": "Air keruh"})
        assert changed.headers["location"] != place
        assert len(await street.raws()) == 2

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("isi", " "),
        ("isi", "x" * 10_001),
        ("nama", "x" * 201),
        ("surel", "sri"),
        ("lat", "91"),
        ("lat", "nan"),
        ("lon", "1e2"),
    ],
)
def test_what_is_wrong_is_said_on_top_and_beside(tmp_path: Path, field: str, value: str) -> None:
    async def scenario(street: Street) -> None:
        answer = await post(street, SAID | {field: value})
        assert answer.status_code == 400
        assert f'<a href="#{field}">' in answer.text
        assert f'id="{field}-salah"' in answer.text
        assert 'role="alert"' in answer.text
        assert "<title>Galat: " in answer.text
        if field != "nama":
            assert 'value="Sri Contohwati"' in answer.text, "nothing typed is lost"
        if field != "isi":
            assert "Lampu jalan mati &amp; gelap &lt;b&gt;" in answer.text
        assert await street.raws() == []

    run(tmp_path, scenario)


def test_a_photo_is_drawn_anew_and_kept(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        data = picture()
        assert b"HP CONTOH" in data
        answer = await post(street, SAID, {"foto": data})
        assert answer.status_code == 303
        (message,), (raw,) = await street.messages(), await street.raws()
        (kept,) = message.attachments
        drawn = photo_bytes(raw)
        assert (kept.mime, kept.size, kept.provider_id) == ("image/jpeg", len(drawn), "foto")
        assert b"HP CONTOH" not in drawn
        with Image.open(io.BytesIO(drawn)) as image:
            assert (image.format, image.size) == ("JPEG", (800, 1600)), "turned upright, made small"
        for bad in (b"%PDF-1.4 bukan foto", data[:5000], b"GIF89a" + b"0" * 99):
            answer = await post(street, SAID, {"foto": bad})
            assert answer.status_code == 400
            assert 'id="foto-salah"' in answer.text
        assert len(await street.raws()) == 1
        without = await post(street, SAID)
        assert without.status_code == 303
        with pytest.raises(Unparseable):
            photo_bytes((await street.raws())[1])

    run(tmp_path, scenario)


def test_too_large_a_photo_is_not_read_to_its_end(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        answer = await post(street, SAID, {"foto": b"x" * 400_000})
        assert answer.status_code == 413
        answer = await post(street, SAID, {"foto": b"x" * 150_000})
        assert (answer.status_code, "lebih besar dari 0.1 MB" in answer.text) == (400, True)
        assert await street.raws() == []

    run(tmp_path, scenario, OPEN | {"foto_mb": 0.1})


def test_a_robot_is_thanked_and_counted_and_kept_out(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        answer = await post(street, SAID | {"situs_web": "https://contoh.id"})
        assert (answer.status_code, "Terima kasih" in answer.text) == (200, True)
        assert await street.raws() == []
        assert await street.counts() == {"refused:honeypot": 1}

    run(tmp_path, scenario)


def test_whoever_sends_too_often_waits_and_keeps_their_words(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        for n in range(2):
            assert (await post(street, SAID | {"isi": f"Aduan {n}"})).status_code == 303
        answer = await post(street, SAID)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert "Lampu jalan mati &amp; gelap" in answer.text
        # A neighbour behind the same proxy is another one.
        street.client.headers["x-forwarded-for"] = "10.0.0.1, 192.0.2.7"
        assert (await post(street, SAID)).status_code == 303
        assert (await street.counts())["refused:throttled"] == 1

    run(tmp_path, scenario, OPEN | {"per_menit": 1, "sekaligus": 2})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nterpotong"),
        ("multipart/form-data; boundary=b", b"--b\r\ntanpa nama\r\n\r\nx\r\n--b--"),
        ("application/x-www-form-urlencoded", b"isi=%ff"),
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(200))),
    ],
)
def test_what_is_no_form_is_refused(tmp_path: Path, kind: str, body: bytes) -> None:
    async def scenario(street: Street) -> None:
        answer = await street.client.post(FORM, content=body, headers={"content-type": kind})
        assert answer.status_code == 400
        assert await street.raws() == []

    run(tmp_path, scenario)


def test_the_page_asks_nothing_of_anyone_and_names_who_keeps_the_data(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        page = await street.client.get(FORM)
        assert "Pengendali data pribadi: Pemerintah Kabupaten Blitar" in page.text
        assert "Dasar hukum: Perbup contoh 1/2026" in page.text
        assert "script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        # A nonce of nobody's is answered with a fresh one, and nothing is stored.
        answer = await post(street, SAID | {"nonce": "bukan"})
        assert (answer.status_code, await street.raws()) == (400, [])

    run(tmp_path, scenario)


def test_a_demos_form_is_an_exercise(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        assert "PERAGAAN" in (await street.client.get(FORM)).text
        assert (await post(street, SAID)).status_code == 303
        assert (await street.raws())[0].simulated

    run(tmp_path, scenario, demo=True)


def test_slow_photos_keep_nobodys_words_out(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        enough = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"--b"
            await enough.wait()
            yield b"--b--"

        kind = {"content-type": "multipart/form-data; boundary=b"}
        posts = [
            asyncio.create_task(street.client.post(FORM, content=slow(), headers=kind))
            for _ in range(40)
        ]
        assert (await post(street, SAID)).status_code == 303
        assert not any(task.done() for task in posts)
        enough.set()
        assert {answer.status_code for answer in await asyncio.gather(*posts)} == {400}

    run(tmp_path, scenario, OPEN | {"sekaligus": 100})


def test_what_cannot_be_stored_is_not_receipted(tmp_path: Path) -> None:
    async def scenario(street: Street) -> None:
        answers = [await post(street, SAID | {"isi": f"{n} {'x' * 9000}"}) for n in range(40)]
        refused = [answer for answer in answers if answer.status_code != 303]
        assert {answer.status_code for answer in refused} == {503}
        assert len(await street.raws()) == len(answers) - len(refused)
        assert "belum tersimpan" in refused[0].text
        assert "x" * 9000 in refused[0].text, "nothing typed is lost"
        form = {"service_code": "pju", "address_string": "Desa Tlogo"}
        told = [
            await street.client.post(
                "/open311/v2/requests.json", data=form | {"description": f"{n}{'y' * 3900}"}
            )
            for n in range(40)
        ]
        failed = [answer for answer in told if answer.status_code == 503]
        assert {answer.json()[0]["code"] for answer in failed} == {503}
        assert failed[0].headers["retry-after"] == "30"

    run(tmp_path, scenario, OPEN | {"sekaligus": 100}, max_pages=60)
