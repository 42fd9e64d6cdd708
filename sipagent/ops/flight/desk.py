"""The flight recorder of a process, and what it answers to those who ask for a record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from sipagent.calls import facts
from sipagent.ops.channel import FlightAnswered, FlightAsked, Message
from sipagent.ops.clock import unix_time

from .recorder import FlightRecorder, Messages
from .settings import FlightSettings


class FlightDesk:
    """An observer of calls that also saves what is asked for.

    Args:
        settings: Of ``[flights]``.
        messages: SIP messages by Call-ID.
        local: Returns ``address:port`` of our SIP.
        send: Of the channel.
        masks_numbers: Whether SIP messages are kept without whole numbers.
    """

    def __init__(
        self,
        settings: FlightSettings,
        messages: Messages,
        local: Callable[[], str],
        send: Callable[[Message], None],
        *,
        masks_numbers: bool,
    ) -> None:
        self._loop, self._send = asyncio.get_running_loop(), send
        self._recorder = FlightRecorder(
            settings, unix_time, self._loop.time, messages, local, masks_numbers=masks_numbers
        )

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Note ``fact``."""
        self._recorder.tell(call_id, fact, at=at)

    def asked(self, asked: FlightAsked) -> None:
        """Have a record saved, and say whether it was, once that is known."""
        saving = self._recorder.asked(asked.call_id)
        if saving is None:
            self._send(FlightAnswered(asked.request_id, is_saved=False))
            return

        def saved(done: Future[bool]) -> None:
            answer = FlightAnswered(asked.request_id, is_saved=done.result())
            self._loop.call_soon_threadsafe(self._send, answer)

        saving.add_done_callback(saved)

    def close(self) -> None:
        """End, after what was begun; blocks."""
        self._recorder.close()
