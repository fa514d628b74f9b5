"""Finds the message in one of Telegram's updates, names it, and knows what is none."""

from dataclasses import dataclass
from typing import Any

from core.reading import Json, table

# The updates that bring messages; the rest need not be sent to us at all.
WANTED = ("message", "edited_message", "channel_post", "edited_channel_post")
# Updates that are nobody's words: presses of buttons, votes, reactions, members coming and going.
_NOTICES = frozenset({
    "business_connection", "callback_query", "chat_boost", "chat_join_request", "chat_member",
    "chosen_inline_result", "deleted_business_messages", "inline_query", "managed_bot",
    "message_reaction", "message_reaction_count", "my_chat_member", "poll", "poll_answer",
    "pre_checkout_query", "purchased_paid_media", "removed_chat_boost", "shipping_query",
})  # fmt: skip
# Messages that Telegram itself writes into a chat.
SERVICE = frozenset({
    "boost_added", "channel_chat_created", "chat_background_set", "chat_owner_changed",
    "chat_owner_left", "chat_shared", "checklist_tasks_added", "checklist_tasks_done",
    "connected_website", "delete_chat_photo", "direct_message_price_changed", "forum_topic_closed",
    "forum_topic_created", "forum_topic_edited", "forum_topic_reopened",
    "general_forum_topic_hidden", "general_forum_topic_unhidden", "gift", "gift_upgrade_sent",
    "giveaway", "giveaway_completed", "giveaway_created", "giveaway_winners", "group_chat_created",
    "invoice", "left_chat_member", "managed_bot_created", "message_auto_delete_timer_changed",
    "migrate_from_chat_id", "migrate_to_chat_id", "new_chat_members", "new_chat_photo",
    "new_chat_title", "paid_message_price_changed", "passport_data", "pinned_message",
    "poll_option_added", "poll_option_deleted", "proximity_alert_triggered", "refunded_payment",
    "successful_payment", "suggested_post_approval_failed", "suggested_post_approved",
    "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded",
    "supergroup_chat_created", "unique_gift", "users_shared", "video_chat_ended",
    "video_chat_participants_invited", "video_chat_scheduled", "video_chat_started",
    "write_access_allowed",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A message in an update; `kind` is the update's own word for it."""

    kind: str
    message: Json
    update_id: str

    @property
    def external_id(self) -> str:
        """The message's id: Telegram counts messages per chat."""
        return f"{number(table(self.message.get('chat')).get('id'))}:{self.number}"

    @property
    def number(self) -> str:
        """The message's number in its chat."""
        return number(self.message.get("message_id"))

    @property
    def version(self) -> str:
        """The edit this is; two edits in one second are told apart by the update."""
        edited = number(self.message.get("edit_date"))
        return f"{edited}.{self.update_id}" if self.kind.startswith("edited_") or edited else ""

    @property
    def is_service(self) -> bool:
        """Whether Telegram itself wrote it."""
        return bool(SERVICE & self.message.keys())


def find(update: Json) -> Found | None:
    """Return the message of an update; of a kind unknown today too, if it looks like one."""
    for kind, value in update.items():
        message = table(value)
        named = number(message.get("message_id")) and number(table(message.get("chat")).get("id"))
        if named and kind not in _NOTICES:
            return Found(kind, message, number(update.get("update_id")))
    return None


def is_notice(update: Json) -> bool:
    """Say whether an update without a message is one of the known kinds that have none."""
    kinds = update.keys() - {"update_id"}
    return bool(kinds) and kinds <= _NOTICES


def number(value: Any) -> str:
    """Write an id as text; ids may need 64 bits and may be negative."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
