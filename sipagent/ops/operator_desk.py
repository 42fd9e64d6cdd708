"""What operators want, handed to the calls of a process, and the answers sent back.

| resource | acquired | released                   | on failure                                 |
|----------|----------|----------------------------|--------------------------------------------|
| answer   | `asked`  | the call has dealt with it | the call is over: nobody answers, and the  |
|          |          |                            | supervisor knows by its facts              |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from sipagent.calls.events import OperatorWished
from sipagent.operator_acts import DONE, ActAnswer, HangUp

from .channel import Message, OperatorAnswered, OperatorAsked


class Operated(Protocol):
    """What this needs of a call."""

    def post(self, event: OperatorWished) -> None: ...


class OperatorDesk:
    """Take what operators want.

    Args:
        send: Of the channel.
        calls: Returns those there are, by id.
        give_up: Ends a call that is only being dialled; returns whether it was.
    """

    def __init__(
        self,
        send: Callable[[Message], None],
        calls: Callable[[], Mapping[str, Operated]],
        give_up: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._send, self._calls, self._give_up = send, calls, give_up

    def asked(self, asked: OperatorAsked) -> None:
        """Have it done, and say what became of it."""
        call = self._calls().get(asked.call_id)
        if call is None:
            is_done = isinstance(asked.act, HangUp) and self._give_up(asked.call_id)
            answer = DONE if is_done else ActAnswer(404, "there is no such call any more")
            self._send(OperatorAnswered(asked.request_id, answer))
            return
        waiting: asyncio.Future[ActAnswer] = asyncio.get_running_loop().create_future()
        waiting.add_done_callback(partial(self._answered, asked.request_id))
        call.post(OperatorWished(asked.act, asked.by, waiting))

    def _answered(self, request_id: str, answer: asyncio.Future[Any]) -> None:
        if not answer.cancelled():
            self._send(OperatorAnswered(request_id, answer.result()))
