"""Asking a process with calls something, and waiting for what it says.

| resource | acquired | released | on failure                                              |
|----------|----------|----------|---------------------------------------------------------|
| question | ``ask``  | ``ask``  | ``NotAnswered``: the process is gone, or says nothing   |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Any

from .channel import Message

ANSWER_LIMIT_S = 5.0
"""How long a process may take."""


class NotAnswered(Exception):
    """The process is gone, or does not answer; the text says which."""


class Asking:
    """Ask processes.

    Args:
        send: Tells a process something.
    """

    def __init__(self, send: Callable[[Hashable, Message], None]) -> None:
        self._send = send
        self._waiting: dict[str, tuple[Hashable, asyncio.Future[Any]]] = {}

    async def ask(self, source: Hashable, key: str, message: Message) -> Any:
        """Send ``message``; return what :meth:`answered` is given for ``key``.

        Raises:
            NotAnswered: If the process is gone, or takes too long.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[key] = source, answer
        try:
            self._send(source, message)
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await answer
        except TimeoutError:
            raise NotAnswered("the process with the call does not answer") from None
        finally:
            del self._waiting[key]

    def answered(self, key: str, answer: Any) -> None:
        """Take an answer; nobody may wait for it any more."""
        _, waiting = self._waiting.get(key, (None, None))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def gone(self, source: Hashable) -> None:
        """Note that a process ended."""
        for asked, waiting in self._waiting.values():
            if asked == source and not waiting.done():
                waiting.set_exception(NotAnswered("the process with the call has ended"))
