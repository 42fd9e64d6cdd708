"""People who listen in to calls of this process, and what they hear on its way to the supervisor.

| resource | acquired | released                              | on failure                        |
|----------|----------|---------------------------------------|-----------------------------------|
| listener | `asked`  | refused, they leave, or the call ends | what the supervisor does not take |
|          |          |                                       | in time is lost, oldest first     |
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from sipagent.calls.events import ListenWished
from sipagent.operator_acts import DONE, ActAnswer

from .channel import Message
from .listen_messages import HeardAudio, ListenAnswered, ListenAsked, ListenEnded

MOST_WAITING = 10
"""Pieces of a tenth of a second."""


class Heard(Protocol):
    """What this needs of a call."""

    def post(self, event: ListenWished) -> None: ...


class Line(Protocol):
    """What this needs of the channel."""

    @property
    def has_room(self) -> bool: ...

    def send(self, message: Message) -> None: ...


class ListenDesk:
    """Take those who want to listen.

    Args:
        line: To the supervisor.
        calls: Returns those there are, by id.
    """

    def __init__(self, line: Line, calls: Callable[[], Mapping[str, Heard]]) -> None:
        self._line, self._calls = line, calls
        self._listeners: dict[str, _Listener] = {}

    def asked(self, asked: ListenAsked) -> None:
        """Let them listen, or say why not."""
        request_id = asked.request_id
        call = self._calls().get(asked.call_id)
        if call is None:
            answer = ActAnswer(409, "there is no such call yet, or no more")
            self._line.send(ListenAnswered(request_id, answer))
            return
        listener = _Listener(request_id, self._line, self._listeners.pop)
        self._listeners[request_id] = listener
        waiting: asyncio.Future[ActAnswer] = asyncio.get_running_loop().create_future()
        waiting.add_done_callback(partial(self._answered, request_id))
        call.post(ListenWished(asked.by, listener, waiting))

    def ended(self, ended: ListenEnded) -> None:
        """Let somebody go; safe twice."""
        listener = self._listeners.pop(ended.request_id, None)
        if listener is not None:
            listener.is_gone = True

    def _answered(self, request_id: str, answer: asyncio.Future[Any]) -> None:
        if answer.cancelled():
            return
        if answer.result() != DONE:
            self._listeners.pop(request_id, None)
        self._line.send(ListenAnswered(request_id, answer.result()))


class _Listener:
    """One of them, at the far end of the channel."""

    def __init__(self, request_id: str, line: Line, forget: Callable[[str, None], object]) -> None:
        self._request_id, self._line, self._forget = request_id, line, forget
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self.is_gone = False

    def hear(self, pcm: bytes) -> None:
        """Send it as soon as there is room."""
        self._waiting.append(pcm)
        while self._waiting and self._line.has_room:
            self._line.send(HeardAudio(self._request_id, self._waiting.popleft()))

    def end(self) -> None:
        """Say that there is nothing more to hear."""
        if not self.is_gone:
            self.is_gone = True
            self._forget(self._request_id, None)
            self._line.send(ListenEnded(self._request_id))
