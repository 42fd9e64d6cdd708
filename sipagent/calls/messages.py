"""Messages that agents take, and notes that they make: facts, and for messages somewhere to go.

A message is on record as soon as it is taken. If the plan says where messages go it goes there as
well, beside the call and after it: whoever hung up need not wait for a web server.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from sipagent.agents.http_client import HttpRequest
from sipagent.agents.http_posts import POSTS
from sipagent.errors import ToolError

from .facts import Fact
from .message_facts import MessageTaken, NoteTaken
from .message_setup import MessageSetup
from .part import CallPart

MOST = 20
"""Messages, and notes, of one call: a model that goes round in circles fills nobody's desk."""

MAX_TEXT_CHARS, MAX_NAME_CHARS = 4_000, 200


class MessageDesk:
    """Take the messages and notes of one call.

    Args:
        call_id: Ours.
        plan: Name of its plan.
        setup: Where they go; None: nowhere else.
        caller: User part of who calls.
        called: User part that was called.
        tell: Takes facts.
        wall_clock: Returns Unix seconds.
    """

    def __init__(
        self,
        call_id: str,
        plan: str,
        setup: MessageSetup | None,
        *,
        caller: str,
        called: str,
        tell: Callable[[Fact], None],
        wall_clock: Callable[[], float],
    ) -> None:
        self._call_id, self._plan, self._setup = call_id, plan, setup
        self._caller, self._called = caller, called
        self._tell, self._wall_clock = tell, wall_clock
        self._messages = self._notes = 0

    def take(self, agent: str, *, name: str, number: str, text: str) -> None:
        """Take a message.

        Raises:
            ToolError: If there is nothing in it, or too much.
        """
        taken = MessageTaken(agent, _line(name), _line(number), _text(text))
        self._messages = _counted(self._messages)
        self._tell(taken)
        if self._setup is None:
            return
        at = datetime.fromtimestamp(self._wall_clock(), UTC).isoformat(timespec="seconds")
        message = {
            "id": f"{self._call_id}-{self._messages}",
            "taken_at": at,
            "call_id": self._call_id,
            "plan": self._plan,
            "caller": self._caller,
            "called": self._called,
            "agent": agent,
            "name": taken.name,
            "number": taken.number,
            "text": taken.text,
        }
        body = orjson.dumps(message)
        if self._setup.url:
            key = ("Idempotency-Key", message["id"])
            headers = (*self._setup.headers, ("Content-Type", "application/json"), key)
            POSTS.post(HttpRequest("POST", self._setup.url, headers, body))
        if self._setup.file is not None:
            POSTS.append(self._setup.file, body)

    def note(self, agent: str, text: str) -> None:
        """Put a note on record.

        Raises:
            ToolError: If there is nothing in it, or too much.
        """
        taken = NoteTaken(agent, _text(text))
        self._notes = _counted(self._notes)
        self._tell(taken)


class LegMessages(CallPart):
    """The desk of a call over a leg.

    Args:
        desk: Makes it; takes who is told.
    """

    def __init__(self, desk: Callable[[Callable[[Fact], None]], MessageDesk]) -> None:
        super().__init__()
        self.desk = desk(self._tell)

    def _tell(self, fact: Fact) -> None:
        self.hands.tell(fact)


def _text(text: str) -> str:
    text = text.strip()
    if not text:
        raise ToolError("an empty text", spoken="There is no text.")
    if len(text) > MAX_TEXT_CHARS:
        raise ToolError("too long a text", spoken="That is too long. Make it shorter.")
    return text


def _line(text: str) -> str:
    return " ".join(text.split())[:MAX_NAME_CHARS]


def _counted(taken: int) -> int:
    if taken >= MOST:
        raise ToolError("too many", spoken="That is enough for one call. Take no more.")
    return taken + 1
