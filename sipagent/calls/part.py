"""What a call over a leg is made of, beside its life and its conversation.

Each part minds one matter, such as the recording: it sees all that arrives at the call, in order,
after the controller and the conversation have acted on it, and acts through ``CallHands``. What it
decides is best left to a pure object of its own. Everything here runs on the loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sipagent.sip.call import SipCall

from . import facts
from .caller_audio import FrameSource
from .conversation import Conversation
from .events import CallEvent
from .inbox import Inbox
from .setup import CallSetup


@dataclass(frozen=True, slots=True)
class CallHands:
    """What a part may do with its call."""

    call_id: str
    setup: CallSetup
    leg: SipCall
    conversation: Conversation
    tell: Callable[[facts.Fact], None]
    """Takes a fact for record, metrics and timeline."""
    post: Callable[[CallEvent], None]
    """Puts an event into the call's inbox."""
    run: Callable[[Callable[[], Awaitable[None]], str], None]
    """Starts a task that ends with the call; takes its name."""
    now: Callable[[], float]
    """Returns monotonic seconds."""
    is_talking: Callable[[], bool]
    """Whether caller and agent talk: answered, and not about to end."""
    dismiss: Callable[[], None]
    """Closes the session and lets the call go on without the agent."""


class CallPart:
    """One matter of a call; a part overrides what it needs."""

    def __init__(self) -> None:
        self._hands: CallHands | None = None

    @property
    def hands(self) -> CallHands:
        """What it may do; there from the start of the call on."""
        assert self._hands is not None
        return self._hands

    def join(self, hands: CallHands) -> None:
        """Take part in a call that begins."""
        self._hands = hands

    def handle(self, message: Inbox) -> None:
        """Act on what arrived."""

    def hear(self, source: FrameSource) -> FrameSource:
        """Stand between the other side's audio and the agent; called once, when they talk."""
        return source

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        return None

    def handle_timer(self, now: float) -> None:
        """Act on :meth:`deadline`, or on nothing: another part's may be due."""

    async def close(self) -> Mapping[str, str]:
        """Let go of everything; return named extras for the call's record."""
        return {}
