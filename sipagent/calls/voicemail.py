"""What is done about whoever answered a call of ours: talk, hang up, leave a message.

    LISTENING --HumanHeard-->    TALKING     let their audio through; greet whoever says nothing
    LISTENING --MachineHeard-->  TALKING     ``ignore``
                                 ENDED       ``hang_up``
                                 WAITING     ``leave_message``: the agent is cut off, and deaf
    LISTENING --FaxHeard-->      ENDED       unless ``ignore``
    TALKING   --BeepHeard-->     as MachineHeard, and the beep is over already
    WAITING   --BeepHeard-->     LEAVING     say the message
    WAITING   --GreetingEnded--> LEAVING     the same: some machines never beep
    WAITING   --limit_s-->       ENDED       hang up
    WAITING   --its words-->     SCREENED    it asks who calls, where the plan has an answer
    SCREENED  --PAUSE_S quiet--> TALKING     say who calls; what comes then is for the agent
    SCREENED  --BeepHeard-->     TALKING     the same
    LEAVING   --BeepHeard-->     LEAVING     once: it was said too early, say it again
    LEAVING   --message said-->  ENDED       hang up

Where the plan has an answer for those who ask, ``hang_up`` waits as ``leave_message`` does, and the
agent hears the machine without a word, so that its words are written down.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, TypeAlias

from .callee_ear import (
    BeepHeard,
    CalleeSound,
    FaxHeard,
    GreetingEnded,
    HumanHeard,
    MachineHeard,
)
from .screening import is_screening
from .setup import ScreeningSetup, VoicemailSetup
from .termination import Reason

MESSAGE_LIMIT_S = 60.0
"""For saying the message, from the beep on; machines take one or two minutes."""

PAUSE_S = 1.0
"""Whoever asks who calls may say more after a breath."""
ASKING_LIMIT_S = 15.0
"""For all of the question, once it is known to be one."""

Kind: TypeAlias = Literal["human", "machine", "fax", "screening"]


@dataclass(frozen=True, slots=True)
class TellCallee:
    """Tell who answered."""

    kind: Kind
    greeting_ms: int
    beep_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LetThrough:
    """Let the agent hear the other side."""


@dataclass(frozen=True, slots=True)
class Greet:
    """Have the agent greet, though it was to listen first."""


@dataclass(frozen=True, slots=True)
class ShutOff:
    """Let the agent hear nothing more, and cut it off."""


@dataclass(frozen=True, slots=True)
class ListenOn:
    """Cut the agent off; let it hear the other side, and say nothing."""


@dataclass(frozen=True, slots=True)
class SayWhoCalls:
    """Have the agent answer whoever asks, and talk again."""


@dataclass(frozen=True, slots=True)
class SayMessage:
    """Have the agent say the message."""


@dataclass(frozen=True, slots=True)
class EndCall:
    """Hang up."""

    reason: Reason
    detail: str


Command: TypeAlias = (
    TellCallee | LetThrough | Greet | ShutOff | ListenOn | SayWhoCalls | SayMessage | EndCall
)


class _State(Enum):
    LISTENING = auto()
    TALKING = auto()
    WAITING = auto()
    SCREENED = auto()
    LEAVING = auto()
    ENDED = auto()


class VoicemailPolicy:
    """Decide; carry nothing out.

    Args:
        setup: What the plan says.
        screening: What it says of machines that ask who calls.
        agent_speaks_first: Whether it has begun to speak already.
    """

    def __init__(
        self,
        setup: VoicemailSetup,
        screening: ScreeningSetup | None = None,
        *,
        agent_speaks_first: bool,
    ) -> None:
        self._setup, self._agent_speaks_first = setup, agent_speaks_first
        self._screening = screening or ScreeningSetup()
        self._state = _State.LISTENING
        self._deadline: float | None = None
        self._greeting_ms = 0
        self._was_early = self._has_begun = False

    @property
    def is_waiting(self) -> bool:
        """Tell whether anything the agent says now would be lost."""
        return self._state in {_State.WAITING, _State.SCREENED}

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        return self._deadline

    def hear(self, sound: CalleeSound, *, now: float) -> list[Command]:
        """Act on what was heard; return what to do, in order."""
        match self._state, sound:
            case _State.LISTENING, HumanHeard(greeting_ms):
                self._enter(_State.TALKING)
                greets = not self._agent_speaks_first and not greeting_ms
                says = [Greet()] if greets else []
                return [TellCallee("human", greeting_ms), LetThrough(), *says]
            case _State.LISTENING, MachineHeard(greeting_ms):
                return self._machine(greeting_ms, now=now)
            case _State.LISTENING | _State.TALKING, FaxHeard():
                return self._fax()
            case _State.LISTENING | _State.TALKING, BeepHeard(greeting_ms, beep_ms):
                return self._beep_overrules(greeting_ms, beep_ms, now=now)
            case _State.WAITING, BeepHeard(greeting_ms, beep_ms):
                return self._waited(TellCallee("machine", greeting_ms, beep_ms), now=now)
            case _State.WAITING, GreetingEnded():
                self._was_early = True
                return self._waited(TellCallee("machine", self._greeting_ms), now=now)
            case _State.SCREENED, BeepHeard():
                return self._answer()
            case _State.LEAVING, BeepHeard(greeting_ms, beep_ms) if self._was_early:
                self._was_early = False
                told = TellCallee("machine", greeting_ms, beep_ms)
                return [ShutOff(), *self._leave(told, now=now)]
            case _:
                return []

    def read(self, text: str, *, now: float) -> list[Command]:
        """Act on what the other side said, written down."""
        is_asked = self._state is _State.WAITING and bool(self._screening.say)
        if not is_asked or not is_screening(text, self._screening.phrases):
            return []
        self._enter(_State.SCREENED, now + PAUSE_S)
        return [TellCallee("screening", self._greeting_ms)]

    def callee_speaks(self, is_speaking: bool, *, now: float) -> None:
        """Note that the other side begins to speak, or has ended."""
        if self._state is _State.SCREENED:
            self._deadline = now + (ASKING_LIMIT_S if is_speaking else PAUSE_S)

    def agent_began(self) -> None:
        """Note that the agent is heard."""
        self._has_begun = True

    def agent_fell_silent(self) -> list[Command]:
        """Note that the agent has said all it had to say."""
        if self._state is not _State.LEAVING or not self._has_begun:
            return []
        return self._end(Reason.MESSAGE_LEFT, "")

    def handle_timer(self, now: float) -> list[Command]:
        """Act on :meth:`deadline`."""
        if self._deadline is None or now < self._deadline:
            return []
        if self._state is _State.SCREENED:
            return self._answer()
        if self._state is _State.LEAVING:
            return self._end(Reason.MESSAGE_LEFT, f"cut off after {MESSAGE_LIMIT_S:g} s")
        told = TellCallee("machine", self._greeting_ms)
        detail = f"it did not end its greeting within {self._setup.limit_s:g} s"
        return [told, *self._end(Reason.MACHINE_ANSWERED, detail)]

    def _machine(self, greeting_ms: int, *, now: float) -> list[Command]:
        self._greeting_ms = greeting_ms
        match self._setup.action:
            case "ignore":
                self._enter(_State.TALKING)
                return [TellCallee("machine", greeting_ms), LetThrough()]
            case "hang_up" if not self._screening.say:
                told = TellCallee("machine", greeting_ms)
                return [told, *self._end(Reason.MACHINE_ANSWERED, "")]
            case "hang_up" | "leave_message":
                self._enter(_State.WAITING, now + self._setup.limit_s)
                return [ListenOn() if self._screening.say else ShutOff()]

    def _fax(self) -> list[Command]:
        told = TellCallee("fax", 0)
        if self._setup.action == "ignore":
            self._enter(_State.TALKING)
            return [told, LetThrough()]
        return [told, *self._end(Reason.MACHINE_ANSWERED, "a fax machine")]

    def _beep_overrules(self, greeting_ms: int, beep_ms: int, *, now: float) -> list[Command]:
        told = TellCallee("machine", greeting_ms, beep_ms)
        match self._setup.action:
            case "ignore":
                self._enter(_State.TALKING)
                return [told, LetThrough()]
            case "hang_up":
                return [told, *self._end(Reason.MACHINE_ANSWERED, "")]
            case "leave_message":
                return [ShutOff(), *self._leave(told, now=now)]

    def _waited(self, told: TellCallee, *, now: float) -> list[Command]:
        """Act on the end of a machine's greeting."""
        if self._setup.action == "hang_up":
            return [told, *self._end(Reason.MACHINE_ANSWERED, "")]
        deaf: list[Command] = [ShutOff()] if self._screening.say else []
        return [*deaf, *self._leave(told, now=now)]

    def _answer(self) -> list[Command]:
        self._enter(_State.TALKING)
        return [SayWhoCalls()]

    def _leave(self, told: TellCallee, *, now: float) -> list[Command]:
        self._enter(_State.LEAVING, now + MESSAGE_LIMIT_S)
        self._has_begun = False
        return [told, SayMessage()]

    def _end(self, reason: Reason, detail: str) -> list[Command]:
        self._enter(_State.ENDED)
        return [EndCall(reason, detail)]

    def _enter(self, state: _State, deadline: float | None = None) -> None:
        self._state, self._deadline = state, deadline
