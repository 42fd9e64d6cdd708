"""Outputs of tools on their way to the endpoint, of calls that may be attached to again.

A socket takes what nobody receives any more. So an output has an id of ours, the same in every
process, and is sent again after a loss until the endpoint has it:

    sent        --item of it-->      confirmed
    sent        --attached again-->  sent again
    sent again  --item of it-->      confirmed: it had not come through, nor what was asked after it
    sent again  --refused-->         confirmed: it had been there all the time

Over a connection that nobody can attach to again, outputs are sent once and have no id.
No I/O, no clock.
"""

from __future__ import annotations

from hashlib import sha256

from sipagent.wire.client import ConversationItemCreate
from sipagent.wire.events import Json

OUTPUT = "function_call_output"
AGAIN = "sipagent_output_again_"


class ToolOutputs:
    """Word outputs, and know which of them the endpoint has.

    Args:
        is_attached: Whether another connection may go on with the calls.
    """

    def __init__(self, *, is_attached: bool) -> None:
        self._is_attached = is_attached
        self._named: set[str] = set()
        self._unconfirmed: dict[str, Json] = {}
        self._must_ask_again = False

    def first(self, tool_call_id: str, output: str) -> ConversationItemCreate:
        """Return what answers a call; of one that is made again, another item."""
        return ConversationItemCreate(item=self._item(tool_call_id, output))

    def instead(self, tool_call_id: str, output: str) -> ConversationItemCreate:
        """Return what answers a call that a process which is gone may have answered."""
        return _again(tool_call_id, self._item(tool_call_id, output))

    def again(self, *, is_asked: bool) -> list[ConversationItemCreate]:
        """Return what is sent again.

        Args:
            is_asked: Whether a response was asked for that has not begun. Nothing tells whether
                that came through but the fate of the output before it.
        """
        self._must_ask_again = self._must_ask_again or (is_asked and bool(self._unconfirmed))
        return [_again(tool_call_id, item) for tool_call_id, item in self._unconfirmed.items()]

    def added(self, item: Json) -> bool:
        """Note an item the endpoint has; return whether a response must be asked for again."""
        if item.get("type") != OUTPUT:
            return False
        was_sent = self._unconfirmed.pop(str(item.get("call_id", "")), None) is not None
        must_ask_again = was_sent and self._must_ask_again
        self._must_ask_again = self._must_ask_again and not must_ask_again
        return must_ask_again

    def is_refused_again(self, event_id: str | None) -> bool:
        """Tell whether an error says that an output was there before it was sent again."""
        if event_id is None or not event_id.startswith(AGAIN):
            return False
        self._unconfirmed.pop(event_id.removeprefix(AGAIN), None)
        self._must_ask_again = self._must_ask_again and bool(self._unconfirmed)
        return True

    def _item(self, tool_call_id: str, output: str) -> Json:
        item: Json = {"type": OUTPUT, "call_id": tool_call_id, "output": output}
        if self._is_attached and tool_call_id not in self._named:
            self._named.add(tool_call_id)
            item["id"] = _item_id(tool_call_id)
            self._unconfirmed[tool_call_id] = item
        return item


def _again(tool_call_id: str, item: Json) -> ConversationItemCreate:
    return ConversationItemCreate(item=item, event_id=f"{AGAIN}{tool_call_id}")


def _item_id(tool_call_id: str) -> str:
    """Return the same id in every process; the API takes 32 characters."""
    return f"item_{sha256(tool_call_id.encode()).hexdigest()[:24]}"
