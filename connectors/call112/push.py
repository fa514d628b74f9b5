"""Takes in calls that the call centre's own system sends: signed JSON with an Idempotency-Key."""

import json
from collections import OrderedDict
from collections.abc import Sequence
from urllib.parse import urlsplit

from connectors.call112.call import BadRow, read_call
from connectors.call112.folder import Unreadable
from connectors.call112.rows import JSON, Row, split
from core import ids
from core.connector import Context, Delivery, Request
from core.errors import RejectedRequest
from core.schema import RawMessage
from core.signatures import INTERNAL_HEADER, verify_internal

_KINDS = ("application/json", "application/vcon+json", "application/vcon")
_MAX_KEY = 200
# How many keys are remembered, to tell a slip of the sender's from a repeat.
_REMEMBERED = 10_000


class Door:
    """The push face of the channel."""

    def __init__(
        self, secrets: Sequence[bytes], context: Context, remembered: int = _REMEMBERED
    ) -> None:
        self._secrets, self._context, self._remembered = secrets, context, remembered
        self._seen: OrderedDict[str, str] = OrderedDict()

    def accept(self, request: Request) -> Delivery:
        """Prove the sender, read every call, and answer 202 with their future ids."""
        if request.method != "POST":
            raise RejectedRequest("method", status=405)
        self._prove(request)
        if request.header("content-type").partition(";")[0].strip().lower() not in _KINDS:
            raise RejectedRequest("content-type: harus application/json", status=400)
        key = request.header("idempotency-key").strip()
        if len(key) > _MAX_KEY or not key.isprintable():
            raise RejectedRequest("Idempotency-Key: tidak terbaca", status=400)
        try:
            rows = split(".json", request.body).rows
            messages = [self._raw(row, key if len(rows) == 1 else f"{key}:{row.number}", key)
                        for row in rows]  # fmt: skip
        except (BadRow, Unreadable) as error:
            raise RejectedRequest(str(error), status=400) from error
        self._refuse_other_content(key, request.body)
        told = [ids.complaint_id(m.tenant, m.channel, m.account, m.external_id) for m in messages]
        reply = json.dumps({"diterima": len(told), "complaint_ids": told}).encode()
        return Delivery(messages, status=202, reply=reply, content_type=JSON)

    def _prove(self, request: Request) -> None:
        if not self._secrets:
            raise RejectedRequest("no_secret")
        try:
            path = urlsplit(request.url).path
        except ValueError as error:
            raise RejectedRequest("url", status=400) from error
        header = request.header(INTERNAL_HEADER)
        verify_internal(self._secrets, header, path, request.body, self._context.clock())

    def _raw(self, row: Row, named: str, key: str) -> RawMessage:
        context, now = self._context, self._context.clock()
        try:
            call = read_call(row.body, JSON, context.zone)
            call.refuse_future(now)
            known_as = call.values["id"]
            if not known_as and not key:
                raise BadRow("Idempotency-Key: wajib untuk panggilan tanpa id")
        except BadRow as error:
            raise BadRow(f"panggilan {row.number}, {error}") from error
        return RawMessage(
            tenant=context.tenant,
            channel="call112",
            external_id=known_as or named,
            # Used again for other content after a restart, a key must not make it vanish.
            version=ids.content_id(row.body)[:32],
            headers={"content-type": JSON, "row": str(row.number)},
            body=row.body,
            received_at=now,
        )

    def _refuse_other_content(self, key: str, body: bytes) -> None:
        """Raise 409 for a key that lately stood for something else."""
        if not key:
            return
        content = ids.content_id(body)
        if self._seen.setdefault(key, content) != content:
            raise RejectedRequest("Idempotency-Key: sudah dipakai untuk isi lain", status=409)
        self._seen.move_to_end(key)
        while len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
