"""Tells the supervisor every fact of every call, as plain data, a few at a time.

What happens in one turn of the loop goes out as one message. A supervisor that does not read is
never waited for: facts wait until there is room, and when too many do, all but the beginnings and
ends of calls are dropped.

| resource       | acquired     | released     | on failure                                   |
|----------------|--------------|--------------|----------------------------------------------|
| waiting facts  | ``tell``     | sent         | dropped, but for those that make a call      |
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import fields
from enum import Enum
from typing import Any, Protocol

from sipagent.calls import facts

from .channel import FactsTold, FactTold, Message

log = logging.getLogger(__name__)

PER_MESSAGE = 16
MAX_CHARS = 4_000
"""Of one text; together a message stays far below what a pipe takes without a reader."""

MAX_WAITING = 2_000
AGAIN_S = 0.1
"""After which it is tried again when there was no room."""

MAKE_A_CALL = (
    facts.CallOffered,
    facts.CallRouted,
    facts.CallAnswered,
    facts.CallEnded,
)
"""Without these nobody would know of a call, or it would never end."""


NOT_STREAMED = (
    facts.SecondSeen,
    facts.RealtimeMessage,
    facts.AgentSaidSoFar,
    facts.CallerSaidSoFar,
)
"""What nobody follows live."""


class Outlet(Protocol):
    """What this needs of ``channel.Channel``."""

    @property
    def has_room(self) -> bool: ...
    def send(self, message: Message) -> None: ...


class CallStream:
    """An observer of calls.

    Args:
        outlet: To the supervisor.
        wall_clock: Returns Unix seconds.
    """

    def __init__(self, outlet: Outlet, wall_clock: Callable[[], float]) -> None:
        self._outlet, self._wall_clock = outlet, wall_clock
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[FactTold] = deque()
        self._is_due = self._is_full = False

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Pass ``fact`` on, at the end of this turn of the loop."""
        if isinstance(fact, NOT_STREAMED):
            return
        if len(self._waiting) >= MAX_WAITING and not isinstance(fact, MAKE_A_CALL):
            if not self._is_full:
                log.warning("! the supervisor does not read: it is not told of all that happens")
            self._is_full = True
            return
        happened_at = self._wall_clock() - (self._loop.time() - at)
        told = FactTold(call_id, happened_at, type(fact).__name__, plain(fact))
        self._waiting.append(told)
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        while self._waiting:
            if not self._outlet.has_room:
                self._loop.call_later(AGAIN_S, self._send)
                return
            count = min(PER_MESSAGE, len(self._waiting))
            batch = tuple(self._waiting.popleft() for _ in range(count))
            self._outlet.send(FactsTold(batch))
        self._is_due = self._is_full = False


def plain(value: Any) -> Any:
    """Return ``value`` of nothing but dicts, lists, texts and numbers; long texts are cut."""
    match value:
        case Enum():
            return value.value
        case str():
            return value if len(value) <= MAX_CHARS else value[: MAX_CHARS - 1] + "…"
        case None | bool() | int() | float():
            return value
        case dict():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case _:
            return {name: plain(getattr(value, name)) for name in _names(type(value))}


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind))
    return _NAMES[kind]
