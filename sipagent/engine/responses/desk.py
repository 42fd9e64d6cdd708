"""Takes requests for responses, and keeps what later ones go on from. Pure.

A response goes on from another by its id, or in a conversation; neither means from its input
alone. What is kept is bounded: a response nobody went on from for long is not found any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import orjson

from sipagent.engine.brain.scripts import Scripts
from sipagent.engine.checks import InvalidConfigError, Json
from sipagent.engine.spent import TOKEN_CHARS

from .conversations import Conversations
from .input_items import check_conversation, input_tokens
from .memory import Memory
from .reply import reply_to
from .wanted import Wanted, wanted
from .writing import Step, Writing

MOST_RESPONSES = 1_000
MOST_BYTES = 64 * 1024 * 1024


class UnknownResponseError(Exception):
    """There is no such response, or none any more."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A response, and the conversation up to its end."""

    response: Json
    items: tuple[Json, ...]


class Latest:
    """The last response of one connection, which goes on from it even if it was not stored."""

    def __init__(self) -> None:
        self.stored: Stored | None = None

    def find(self, response_id: str) -> Stored | None:
        """Return it, if that is its id."""
        stored = self.stored
        return stored if stored and stored.response["id"] == response_id else None


@dataclass(frozen=True, slots=True)
class Begun:
    """A response that is about to be written."""

    steps: Iterator[Step]
    is_streamed: bool


class Desk:
    """Answer, and remember.

    Args:
        scripts: By prompt.
    """

    def __init__(self, scripts: Scripts) -> None:
        self.scripts = scripts
        self.conversations = Conversations()
        self._responses: Memory[Stored] = Memory(MOST_RESPONSES, MOST_BYTES)

    def begin(self, body: Any, *, now: int, latest: Latest | None = None) -> Begun:
        """Take a request.

        Args:
            body: Of it.
            now: Unix seconds.
            latest: Of the connection it came by, if that is a WebSocket.

        Raises:
            InvalidConfigError: If a field is wrong.
            UnknownConversationError: If it is of a conversation nobody has.
            RefusedError: If it asks to be refused.
        """
        asked = wanted(body, has_socket=latest is not None)
        items = [*self._earlier(asked, latest), *asked.input]
        check_conversation(items)
        reply = reply_to(items, asked.told, self.scripts) if asked.is_generated else None

        def ended(response: Json, output: list[Json]) -> None:
            stored = Stored(response, (*items, *output))
            if latest is not None:
                latest.stored = stored
            if asked.is_stored:
                self._keep(stored)
            if asked.told["conversation"]:
                self.conversations.add(asked.told["conversation"]["id"], [*asked.input, *output])

        tokens = input_tokens(items, TOKEN_CHARS)
        response = response_object(asked.told, now=now)
        writing = Writing(response, reply, input_tokens=tokens, ended=ended)
        return Begun(writing.steps(), asked.is_streamed)

    def response(self, response_id: str) -> Json:
        """Return a response that was stored.

        Raises:
            UnknownResponseError: If there is none.
        """
        stored = self._responses.find(response_id)
        if stored is None:
            raise UnknownResponseError(response_id)
        return stored.response

    def forget(self, response_id: str) -> None:
        """Forget a response.

        Raises:
            UnknownResponseError: If there is none.
        """
        if not self._responses.drop(response_id):
            raise UnknownResponseError(response_id)

    def _earlier(self, asked: Wanted, latest: Latest | None) -> tuple[Json, ...]:
        if asked.told["conversation"]:
            return tuple(self.conversations.items(asked.told["conversation"]["id"]))
        previous_id = asked.told["previous_response_id"]
        if previous_id is None:
            return ()
        stored = self._responses.find(previous_id) or (latest.find(previous_id) if latest else None)
        if stored is None:
            raise InvalidConfigError(
                "previous_response_id",
                f"Previous response with id '{previous_id}' not found.",
                "previous_response_not_found",
            )
        return stored.items

    def _keep(self, stored: Stored) -> None:
        size_bytes = len(orjson.dumps([stored.response, stored.items]))
        self._responses.keep(stored.response["id"], stored, size_bytes)


def response_object(told: Json, *, now: int) -> Json:
    """Return a response that has just begun."""
    return {
        "id": f"resp_{token_hex(16)}",
        "object": "response",
        "created_at": now,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "output": [],
        "usage": None,
        **told,
    }
