"""What supervisor and worker tell each other, over a pipe between their event loops.

Messages are frozen dataclasses. The end of the pipe is a message too: a worker without supervisor
ends, so that nothing is left behind whatever happens to either.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from sipagent.operator_acts import ActAnswer, OperatorAct
from sipagent.sip.registration import TrunkState

from .listen_messages import HeardAudio, ListenAnswered, ListenAsked, ListenEnded
from .plan_messages import LoadPlans, PlansLoaded, UsePlans


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker takes calls."""

    sip_port: int
    """0 of one that has none."""
    call_limit: int
    plans: int
    plans_version: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker cannot start; restarting it would not help."""

    message: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """From the worker's event loop."""

    calls_in_use: int
    call_limit: int
    is_draining: bool


@dataclass(frozen=True, slots=True)
class Drain:
    """Take no more calls."""

    retry_after_s: int
    then_ends: bool = True
    """Whether the process ends when its last call is over."""


@dataclass(frozen=True, slots=True)
class Undrain:
    """Take calls again; not if the process is to end."""


@dataclass(frozen=True, slots=True)
class SetLogLevels:
    """Log of some packages more, or less, than the configuration says; of all others as it does."""

    levels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """Something waits in the journal of attached calls."""


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """A tool waits for a person's word."""

    approval_id: str
    call_id: str
    plan: str
    agent: str
    tool: str
    arguments: str
    asked_at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class ApprovalDecided:
    """A person's word; what became of it is told by ``ApprovalClosed``."""

    approval_id: str
    is_approved: bool
    message: str


@dataclass(frozen=True, slots=True)
class ApprovalClosed:
    """A question that is none any more."""

    approval_id: str
    is_decided: bool
    """By a person; False: it took too long, or the call is over."""


@dataclass(frozen=True, slots=True)
class DialAsked:
    """Somebody who may wants a call to be placed."""

    call_id: str
    to: str
    """A number, or a SIP URI."""
    plan: str
    trunk: str
    caller_id: str
    """``""``: what the plan says, or the trunk."""
    ring_s: float | None
    """None: what the plan says."""
    headers: tuple[tuple[str, str], ...]
    variables: dict[str, str]


@dataclass(frozen=True, slots=True)
class DialAnswered:
    """Whether a call is being placed."""

    call_id: str
    status: int
    """Of HTTP; 202: it is."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class FactTold:
    """Something happened on a call: a fact of the call, as plain data."""

    call_id: str
    at: float
    """Unix seconds."""
    name: str
    """Of the fact's class."""
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FactsTold:
    """What happened on the calls of a process, oldest first."""

    facts: tuple[FactTold, ...]


@dataclass(frozen=True, slots=True)
class OperatorAsked:
    """A person on duty wants something done on a call; ``OperatorAnswered`` says whether it is."""

    request_id: str
    call_id: str
    by: str
    """Name of their token."""
    act: OperatorAct


@dataclass(frozen=True, slots=True)
class OperatorAnswered:
    """What became of it."""

    request_id: str
    answer: ActAnswer


@dataclass(frozen=True, slots=True)
class FlightAsked:
    """Somebody wants the flight record of a call, as far as it goes."""

    request_id: str
    call_id: str


@dataclass(frozen=True, slots=True)
class FlightAnswered:
    """Whether its file is written now."""

    request_id: str
    is_saved: bool


@dataclass(frozen=True, slots=True)
class TrunkChanged:
    """What is known of a trunk of the worker's."""

    state: TrunkState
    at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End now."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The other side is gone."""


Message: TypeAlias = (
    Ready
    | Failed
    | Heartbeat
    | Drain
    | Undrain
    | SetLogLevels
    | Look
    | ApprovalAsked
    | ApprovalDecided
    | ApprovalClosed
    | DialAsked
    | DialAnswered
    | FactsTold
    | OperatorAsked
    | OperatorAnswered
    | FlightAsked
    | FlightAnswered
    | ListenAsked
    | ListenAnswered
    | HeardAudio
    | ListenEnded
    | TrunkChanged
    | LoadPlans
    | PlansLoaded
    | UsePlans
    | Stop
    | Closed
)


class Channel:
    """One end of the pipe, on a loop.

    Args:
        connection: Owned from here on.
        on_message: Called on the loop with each message; ``Closed`` is the last.
    """

    def __init__(self, connection: Connection, on_message: Callable[[Message], None]) -> None:
        self._connection, self._on_message = connection, on_message
        self._loop = asyncio.get_running_loop()
        self._is_open = True
        self._loop.add_reader(connection.fileno(), self._read)

    @property
    def has_room(self) -> bool:
        """Tell whether a message of up to 100 kB goes out without waiting for the other side.

        A Unix socket is writable while it holds less than a quarter of its 208 kB (Linux,
        ``unix_writable``).
        """
        if not self._is_open:
            return True  # it is lost at once
        looking = select.poll()
        looking.register(self._connection.fileno(), select.POLLOUT)
        return bool(looking.poll(0))

    def send(self, message: Message) -> None:
        """Send; what the other side is not there for is lost."""
        if not self._is_open:
            return
        try:
            self._connection.send(message)
        except OSError:
            self._end()

    def close(self) -> None:
        """Close; safe twice."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._connection.fileno())
            self._connection.close()

    def _read(self) -> None:
        try:
            while self._is_open and self._connection.poll():
                message: Any = self._connection.recv()
                self._on_message(message)
        except (EOFError, OSError):
            self._end()

    def _end(self) -> None:
        if self._is_open:
            self.close()
            self._on_message(Closed())
