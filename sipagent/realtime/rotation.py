"""Rotation: when does a session give way to a new one?

A session lives as long as its endpoint lets it (``session.expires_at``), and a call may be longer.
Before the limit a second session takes over, at a moment when nobody notices; after a loss one
takes over at once.

    NEW        --SessionOpened-->   OPEN
    OPEN       --margin reached-->  WAITING    tell that the session expires
    WAITING    --idle, or not within the grace-->  ROTATING    open a second session
    ROTATING   --SessionOpened-->   OPEN
    ROTATING   --OpenFailed-->      WAITING    the old one lives: again after a delay
    ROTATING   --SessionLost-->     OPENING    what is being opened replaces it
    OPEN, WAITING  --SessionLost--> OPENING    or LOST if too many came and went, or ENDED
    OPENING    --OpenFailed-->      LOST       again after a delay, or ENDED: give up
    LOST       --delay elapses-->   OPENING
    OPENING    --SessionOpened-->   OPEN
    LOST, OPENING  --limit reached-->  ENDED    give up, whatever is being tried
    any        --SessionClosed-->   ENDED

The delay doubles from ``FIRST_DELAY_S`` to ``LONGEST_DELAY_S`` and is forgotten once a session has
lived for ``STABLE_S``, so that an endpoint which accepts and drops is not stormed. The limit runs
from the loss: an endpoint that neither accepts nor refuses must not hold a call.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 4.0
STABLE_S = 30.0


@dataclass(frozen=True, slots=True)
class RotationSettings:
    """How a call outlives its session."""

    rotate_margin_s: float = 300.0
    """How long before its end a session is replaced; at most half of its life."""
    idle_grace_s: float = 30.0
    """How long to wait for a moment in which nothing is said or made."""
    attempts: int = 6
    """Sessions to try after a loss before the call has to do without."""
    give_up_after_s: float = 60.0
    """How long after a loss that is, with attempts left or not."""


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A session is configured and carries the call."""

    expires_at: float | None
    """Unix seconds (Realtime: ``session.expires_at``), or None if the endpoint did not say."""
    wall_now: float
    """Unix seconds at ``now``: how the endpoint's clock maps to ours."""


@dataclass(frozen=True, slots=True)
class ActivityChanged:
    """What goes on in the call."""

    is_response_ongoing: bool
    is_playing: bool
    is_caller_speaking: bool
    is_working: bool = False
    """Whether a tool runs."""

    @property
    def is_idle(self) -> bool:
        """Tell whether nobody would notice a change now."""
        is_heard = self.is_playing or self.is_caller_speaking
        return not (self.is_response_ongoing or is_heard or self.is_working)


@dataclass(frozen=True, slots=True)
class OpenFailed:
    """The session asked for could not be opened."""

    reason: str


@dataclass(frozen=True, slots=True)
class SessionLost:
    """The open session ended, and not by us."""

    reason: str


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """We closed it: the call is over."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The deadline asked for has passed."""


RotationEvent: TypeAlias = (
    SessionOpened | ActivityChanged | OpenFailed | SessionLost | SessionClosed | TimerFired
)


@dataclass(frozen=True, slots=True)
class TellExpiring:
    """Tell that the session ends soon."""

    in_s: float


@dataclass(frozen=True, slots=True)
class Rotate:
    """Open a second session, hand the conversation over, close the first."""

    is_idle: bool
    """False when no quiet moment came in time: something will be cut off."""


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Open a session in place of the one that was lost."""

    reason: str
    attempt: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do without a session: play the prompt, transfer or hang up."""

    reason: str
    """Why the last attempt failed."""
    attempts: int


RotationCommand: TypeAlias = TellExpiring | Rotate | Reconnect | GiveUp


class RotationState(Enum):
    """What is being done about the session."""

    NEW = auto()
    OPEN = auto()
    WAITING = auto()
    ROTATING = auto()
    LOST = auto()
    OPENING = auto()
    ENDED = auto()


class Rotation:
    """Decide when to open a session; open none."""

    def __init__(self, settings: RotationSettings) -> None:
        self._settings = settings
        self.state = RotationState.NEW
        self._is_idle = True
        self._opened_at = 0.0
        self._expires_at: float | None = None
        self._rotate_at: float | None = None
        self._idle_by = 0.0
        self._not_before = 0.0
        self._give_up_at = 0.0
        self._attempts = 0
        self._reason = ""

    @property
    def is_replacing(self) -> bool:
        """Tell whether there is no session, but may be one again."""
        return self.state in {RotationState.LOST, RotationState.OPENING}

    def deadline(self) -> float | None:
        """Return when ``handle(TimerFired())`` is due, or None."""
        match self.state:
            case RotationState.OPEN:
                return self._rotate_at
            case RotationState.WAITING:
                wanted_at = self._not_before if self._is_idle else self._idle_by
                return max(self._not_before, wanted_at)
            case RotationState.LOST:
                return min(self._not_before, self._give_up_at)
            case RotationState.OPENING:
                return self._give_up_at
            case _:
                return None

    def handle(self, event: RotationEvent, *, now: float) -> list[RotationCommand]:
        """Advance on ``event``; return what to do about it, in order."""
        match event:
            case SessionOpened():
                self._opened(event, now)
            case ActivityChanged(is_idle=is_idle):
                self._is_idle = is_idle
            case SessionClosed():
                self.state = RotationState.ENDED
            case OpenFailed(reason=reason):
                return self._open_failed(reason, now)
            case SessionLost(reason=reason):
                return self._lost(reason, now)
            case TimerFired():
                pass
        return self._advance(now)

    def _advance(self, now: float) -> list[RotationCommand]:
        if self.is_replacing and now >= self._give_up_at:
            return self._give_up(self._reason)
        commands: list[RotationCommand] = []
        if self.state is RotationState.OPEN and self._is_due(now):
            assert self._expires_at is not None
            self.state, self._attempts = RotationState.WAITING, 0
            self._idle_by, self._not_before = now + self._settings.idle_grace_s, now
            commands.append(TellExpiring(self._expires_at - now))
        if self.state is RotationState.WAITING and self._is_due(now):
            self.state = RotationState.ROTATING
            commands.append(Rotate(self._is_idle))
        if self.state is RotationState.LOST and self._is_due(now):
            commands.append(self._reconnect())
        return commands

    def _is_due(self, now: float) -> bool:
        deadline = self.deadline()
        return deadline is not None and now >= deadline

    def _opened(self, event: SessionOpened, now: float) -> None:
        if self.state is RotationState.ENDED:
            return  # opened too late
        self.state = RotationState.OPEN
        self._opened_at, self._expires_at, self._rotate_at = now, None, None
        if event.expires_at is None:
            return
        life_s = event.expires_at - event.wall_now
        if life_s >= STABLE_S:  # or our clocks do not agree, and its end comes as a loss
            self._expires_at = now + life_s
            margin_s = min(self._settings.rotate_margin_s, life_s / 2)
            self._rotate_at = self._expires_at - margin_s

    def _open_failed(self, reason: str, now: float) -> list[RotationCommand]:
        match self.state:
            case RotationState.ROTATING:
                self.state = RotationState.WAITING
                self._attempts += 1
                self._not_before = now + self._delay_s()
            case RotationState.OPENING:
                return self._try_again(reason, now)
            case _:
                pass  # the call ended in the meantime
        return []

    def _lost(self, reason: str, now: float) -> list[RotationCommand]:
        give_up_at = now + self._settings.give_up_after_s
        match self.state:
            case RotationState.OPEN | RotationState.WAITING:
                self._give_up_at = give_up_at
                if now - self._opened_at >= STABLE_S:
                    self._attempts = 0
                return self._try_again(reason, now)
            case RotationState.ROTATING:
                self.state, self._reason = RotationState.OPENING, reason
                self._attempts, self._give_up_at = 1, give_up_at
            case _:
                pass  # its close was ours, or is known
        return []

    def _try_again(self, reason: str, now: float) -> list[RotationCommand]:
        if self._attempts >= self._settings.attempts:
            return self._give_up(reason)
        self.state, self._reason = RotationState.LOST, reason
        self._not_before = now + self._delay_s()
        return self._advance(now)

    def _give_up(self, reason: str) -> list[RotationCommand]:
        self.state = RotationState.ENDED
        return [GiveUp(reason, self._attempts)]

    def _reconnect(self) -> Reconnect:
        self.state = RotationState.OPENING
        self._attempts += 1
        return Reconnect(self._reason, self._attempts)

    def _delay_s(self) -> float:
        """Return how long to wait after as many attempts; the first is made at once."""
        if self._attempts == 0:
            return 0.0
        return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(self._attempts - 1, 16))
