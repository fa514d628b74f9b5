"""What the screen does: forms and acts travel through the intake, signed with the internal key."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from core.clock import system_clock
from core.errors import GatewayError
from core.signatures import INTERNAL_HEADER, sign_internal
from dashboard.data import Office, internal_key

_SECONDS = 10.0
# A refusal that names the field it is about: "isi: wajib diisi".
_NAMED = re.compile(r"^([a-z_]+): ([^\n]{1,200})$")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act was not stored, and the field it is about if the intake named one."""

    sentence: str
    field: str = ""


def send_form(office: Office, channel: str, form: Mapping[str, object]) -> str | Refusal:
    """Send a form; return the complaint's id, or why it was not stored."""
    answer = _post(office, f"/hooks/{office.name}/{channel}", form)
    if isinstance(answer, Refusal):
        return answer
    try:
        return str(answer.json()["complaint_id"])
    except (ValueError, KeyError, TypeError):
        return Refusal("Jawaban gerbang penerima tidak dimengerti; periksa versi gerbang.")


def record_opening(office: Office, action: str, complaint_id: str, actor: str) -> Refusal | None:
    """Store who opens what. Only when this returns None may it be shown."""
    note = {
        "audit_id": str(uuid.uuid4()),
        "action": action,
        "complaint_id": complaint_id,
        "actor": actor,
        "at": system_clock().isoformat(),
    }
    answer = _post(office, f"/audit/{office.name}", note)
    return answer if isinstance(answer, Refusal) else None


def _post(office: Office, path: str, content: Mapping[str, object]) -> httpx.Response | Refusal:
    settings = office.settings
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    try:
        signature = sign_internal(internal_key(settings.data_dir), path, body, system_clock())
        headers = {INTERNAL_HEADER: signature, "content-type": "application/json"}
        # trust_env: a proxy of the machine's has no part in what goes from us to us.
        with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
            answer = client.post(settings.intake.address + path, content=body, headers=headers)
    except httpx.HTTPError:
        return Refusal("Gerbang penerima tidak menjawab. Pastikan gerbang berjalan (`kanal up`).")
    except GatewayError as error:
        return Refusal(f"Kunci internal tidak dapat dibaca: {error}")
    return answer if answer.status_code == httpx.codes.OK else _refusal(answer)


def _refusal(answer: httpx.Response) -> Refusal:
    if answer.status_code == httpx.codes.BAD_REQUEST:
        named = _NAMED.match(answer.text.strip())
        return Refusal(named[2], named[1]) if named else Refusal("Isian tidak dapat dibaca.")
    return Refusal(_SENTENCES.get(answer.status_code) or _OTHER.format(answer.status_code))


_OTHER = "Gerbang penerima menolak (kode {})."
_SENTENCES = {
    403: "Gerbang penerima tidak mengenali dasbor ini: kunci internal atau jam komputer berbeda.",
    404: "Kanal ini tidak dijalankan; nyalakan di tenant.toml lalu mulai ulang gerbang.",
    413: "Isian terlalu besar; persingkat teksnya.",
    500: "Ada galat di gerbang penerima; lihat catatan (log) gerbang.",
    503: "Penyimpanan gerbang penuh atau tidak dapat ditulis; hubungi pengelola server.",
}
