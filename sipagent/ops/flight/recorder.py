"""Keeps what happened on each call, with its SIP messages, and saves it when a rule says so.

In memory it is bounded: a call keeps its first facts and its last, and of calls that are over the
last few. Files are written on a thread, so that no call waits for a disk; a disk that is full costs
the record.

| resource      | acquired    | released                        | on failure                |
|---------------|-------------|---------------------------------|---------------------------|
| facts of call | first fact  | some calls after its end        | the middle is dropped     |
| SIP messages  | first fact  | the call's end                  |                           |
| thread        | first file  | ``close``, after what was begun | the record is lost        |
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, Protocol

from prometheus_client import Counter

from sipagent.calls import facts
from sipagent.masking import mask_numbers
from sipagent.ops.call_stream import plain

from .record import Flight, Noted, Sip, flight_path, write_flight
from .rules import Verdict
from .settings import FlightSettings

log = logging.getLogger(__name__)

FIRST_FACTS, LAST_FACTS = 1_000, 20_000
"""Of a call: about an hour, second by second."""

SETTLE_S = 0.5
"""After the end, for the answer to the last BYE."""

FLIGHTS = Counter("sipagent_flights", "Flight records, by outcome.", ["outcome"])
SAVED, LOST = (FLIGHTS.labels(outcome) for outcome in ("saved", "lost"))


class Message(Protocol):
    """What this needs of a SIP message."""

    @property
    def at(self) -> float: ...
    @property
    def direction(self) -> Literal["in", "out"]: ...
    @property
    def peer(self) -> str: ...
    @property
    def text(self) -> str: ...


class Messages(Protocol):
    """What this needs of ``sip.messages.SipMessages``."""

    def keep(self, sip_call_id: str) -> None: ...
    def of(self, sip_call_ids: Iterable[str]) -> Sequence[Message]: ...
    def let_go(self, sip_call_id: str) -> None: ...


class NoMessages:
    """Of calls whose SIP is somebody else's."""

    def keep(self, sip_call_id: str) -> None:
        """Keep nothing."""

    def of(self, sip_call_ids: Iterable[str]) -> Sequence[Message]:
        """Return none."""
        return ()

    def let_go(self, sip_call_id: str) -> None:
        """Let nothing go."""


@dataclass(slots=True)
class _Call:
    started: float
    """Monotonic seconds."""
    began_at: float
    verdict: Verdict = field(default_factory=Verdict)
    first: list[Noted] = field(default_factory=list)
    last: deque[Noted] = field(default_factory=lambda: deque(maxlen=LAST_FACTS))
    sip_call_ids: list[str] = field(default_factory=list)
    sip: tuple[Sip, ...] = ()
    """Once it is over."""
    is_over: bool = False

    def note(self, noted: Noted) -> None:
        if len(self.first) < FIRST_FACTS:
            self.first.append(noted)
        else:
            self.last.append(noted)


class FlightRecorder:
    """An observer of calls.

    Made on the loop.

    Args:
        settings: Of ``[flights]``.
        wall_clock: Returns Unix seconds.
        now: Returns monotonic seconds, of which ``at`` of a fact is one.
        messages: SIP messages by Call-ID.
        local: Returns ``address:port`` of our SIP.
        masks_numbers: Whether SIP messages are kept without whole numbers.
    """

    def __init__(
        self,
        settings: FlightSettings,
        wall_clock: Callable[[], float],
        now: Callable[[], float],
        messages: Messages,
        local: Callable[[], str],
        *,
        masks_numbers: bool = False,
    ) -> None:
        self._masks_numbers = masks_numbers
        self._settings, self._wall_clock, self._now = settings, wall_clock, now
        self._messages, self._local = messages, local
        self._calls: dict[str, _Call] = {}
        self._over: OrderedDict[str, _Call] = OrderedDict()
        self._ending: dict[str, asyncio.TimerHandle] = {}
        self._loop = asyncio.get_running_loop()
        self._thread: ThreadPoolExecutor | None = None

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Note ``fact``."""
        call = self._calls.get(call_id)
        if call is None:
            call = self._calls[call_id] = _Call(at, self._wall_clock() - (self._now() - at))
        call.note(Noted(round(at - call.started, 4), type(fact).__name__, plain(fact)))
        call.verdict.take(fact)
        match fact:
            case facts.CallOffered(sip_call_id=sip_call_id) if sip_call_id:
                self._follow(call, sip_call_id)
            case facts.PeerChanged(sip_call_id=sip_call_id) if sip_call_id:
                self._follow(call, sip_call_id)
            case facts.TargetDialled(sip_call_id=sip_call_id) if sip_call_id:
                self._follow(call, sip_call_id)
            case facts.CallEnded():
                settle = self._loop.call_later(SETTLE_S, self._settle, call_id)
                self._ending[call_id] = settle
            case _:
                pass

    def asked(self, call_id: str) -> Future[bool] | None:
        """Save the record of a call now, as far as it goes; None: nobody knows the call.

        The result is whether there is a file.
        """
        call = self._calls.get(call_id) or self._over.get(call_id)
        return None if call is None else self._save(call_id, call, "asked")

    def close(self) -> None:
        """End, after what was begun; blocks."""
        for call_id, settle in list(self._ending.items()):
            settle.cancel()
            self._settle(call_id)
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()

    def _follow(self, call: _Call, sip_call_id: str) -> None:
        self._messages.keep(sip_call_id)
        call.sip_call_ids.append(sip_call_id)

    def _settle(self, call_id: str) -> None:
        del self._ending[call_id]
        call = self._calls.pop(call_id)
        call.sip, call.is_over = self._sip(call), True
        for sip_call_id in call.sip_call_ids:
            self._messages.let_go(sip_call_id)
        if why := call.verdict.why(self._settings, call_id):
            self._save(call_id, call, why)
        elif self._settings.kept_calls:
            self._over[call_id] = call
            if len(self._over) > self._settings.kept_calls:
                self._over.popitem(last=False)

    def _sip(self, call: _Call) -> tuple[Sip, ...]:
        return tuple(
            Sip(round(each.at - call.started, 4), each.direction, each.peer, self._text(each))
            for each in self._messages.of(call.sip_call_ids)
        )

    def _text(self, message: Message) -> str:
        return mask_numbers(message.text) if self._masks_numbers else message.text

    def _save(self, call_id: str, call: _Call, why: str) -> Future[bool]:
        flight = Flight(
            call_id,
            call.began_at,
            self._local(),
            why,
            (*call.first, *call.last),
            call.sip if call.is_over else self._sip(call),
        )
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="flights")
        return self._thread.submit(self._write, flight)

    def _write(self, flight: Flight) -> bool:
        try:
            write_flight(flight_path(self._settings.path, flight.call_id), flight)
        except Exception as error:  # whatever it is, somebody waits for the answer
            LOST.inc()
            why = (isinstance(error, OSError) and error.strerror) or type(error).__name__
            log.error("call=%s ! its flight record is lost: %s", flight.call_id, why)
            return False
        SAVED.inc()
        return True
