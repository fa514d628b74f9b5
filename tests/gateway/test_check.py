"""`kanal check CHANNEL` makes the channel's one harmless call, and says what came of it."""

from pathlib import Path

import pytest

from core.settings import load, trial_variable
from gateway.doctor import examine
from tests.connectors.fake_http import Answer, Asked, provider, reply
from tests.gateway.house import CONFIG, TENANT

BOT = {"ok": True, "result": {"id": 7, "is_bot": True, "first_name": "A", "username": "uji_bot"}}
HOOK = {"ok": True, "result": {"url": "", "pending_update_count": 0}}
REFUSED = {"ok": False, "error_code": 401, "description": "Unauthorized"}


@pytest.mark.parametrize(("known", "wrong", "words"), [(True, False, "@uji_bot"),
                                                       (False, True, "SALAH")])  # fmt: skip
def test_a_named_channel_is_tried_out(tmp_path: Path, known: bool, wrong: bool, words: str) -> None:
    def answer(asked: Asked) -> Answer:
        if not known:
            return reply(REFUSED, 401)
        return reply(HOOK if "getWebhookInfo" in asked.path else BOT)

    with provider(answer) as fake:
        name = "telegram"
        environ = {
            trial_variable(TENANT, name, "bot_token"): "7:contoh",
            trial_variable(TENANT, name, "api_base"): fake.url,
        }
        found = examine(load(CONFIG, tmp_path, environ=environ), name)
    assert [finding.wrong for finding in found] == [False, wrong]
    assert words in found[1].sentence
    assert "7:contoh" not in found[1].sentence
