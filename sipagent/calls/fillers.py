"""Plays fillers on a leg: what the caller hears when no agent can be heard.

There are two: of an outage (``outage``), while there is no session, and of a delegation
(``delegation_filler``), while somebody works for the caller. Each decides on its own; both are
played only when nothing else is queued, so that either may flush what there is.
"""

from __future__ import annotations

from sipagent.deadlines import earliest
from sipagent.dialplan.backend import DELEGATE_TOOL
from sipagent.realtime import events as session_events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.sip.media_port import MediaPort

from .delegation_filler import DELEGATION_ITEM, DelegationFiller
from .outage import FILLER_ITEM, Filler
from .prompt_sound import PromptSound
from .setup import CallSetup

FILLERS = frozenset({FILLER_ITEM, DELEGATION_ITEM})
"""Their items, which nobody said."""


class Fillers:
    """The fillers of one conversation.

    Args:
        setup: The call's share of its plan.
    """

    def __init__(self, setup: CallSetup) -> None:
        every_s = 0.0 if setup.backend is None else setup.backend.filler_every_s
        self._outage, self._delegation = Filler(), DelegationFiller(every_s)
        self._outage_sound = PromptSound(FILLER_ITEM, setup.prompts.filler)
        self._delegation_sound = PromptSound(DELEGATION_ITEM, setup.prompts.delegation)
        self._is_caller_speaking = False

    @property
    def is_playing(self) -> bool:
        """Tell whether one is being heard, or would be if the plan had any."""
        return self._outage.is_playing or self._delegation.is_playing

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer`, and then :meth:`look`, is due, or None."""
        return earliest((self._outage.deadline(), self._delegation.deadline()))

    def start(self, media: MediaPort) -> None:
        """Take the leg's media."""
        self._outage_sound.start(media)
        self._delegation_sound.start(media)

    def lost(self, *, is_silent: bool, now: float) -> None:
        """Note that there is no session; ``is_silent``: and nothing left to be heard."""
        self._outage.lost(is_silent=is_silent, now=now)

    def fell_silent(self, now: float) -> None:
        """Note that everything queued was heard."""
        self._outage.fell_silent(now)

    def told(self, event: session_events.SessionEvent) -> None:
        """Take what the session says, before anybody acts on it."""
        match event:
            case session_events.ToolStarted(tool_call_id=tool_call_id, name=name):
                if name == DELEGATE_TOOL and self._delegation_sound.is_audible:
                    self._delegation.began(tool_call_id)
            case session_events.ToolEnded(tool_call_id=tool_call_id):
                self._delegation.ended(tool_call_id)
            case session_events.AudioDelta():
                self.interrupt()
            case session_events.SpeechStarted():
                self._is_caller_speaking = True
                self.interrupt()
            case session_events.SpeechStopped():
                self._is_caller_speaking = False
            case ConnectionLost() | Reconnected():  # what ran over the one before was cancelled
                self._is_caller_speaking = False
                if self._delegation.forget():
                    self._delegation_sound.flush()
            case _:
                pass

    def handle_timer(self, now: float) -> None:
        """Play that of an outage, if it is due."""
        if self._outage.is_due(now):
            self._outage_sound.play()

    def look(self, *, is_silent: bool, now: float) -> None:
        """Play that of a delegation, if it is due and nobody speaks.

        Args:
            is_silent: Whether nothing is being said, queued or made, but for fillers.
            now: Monotonic seconds.
        """
        self._delegation.floor(is_free=is_silent and not self._is_caller_speaking, now=now)
        if self._delegation.is_due(now):
            self._delegation_sound.play()

    def played(self, item_id: str) -> bool:
        """Note that an item was heard to its end; return whether it was a filler."""
        if item_id == DELEGATION_ITEM:
            self._delegation.played()
        elif item_id == FILLER_ITEM and self._outage.is_playing:
            self._outage_sound.play()  # again: it ends with a pause of its own
        return item_id in FILLERS

    def interrupt(self) -> None:
        """Let that of a delegation not be heard any more, for now: somebody speaks."""
        if self._delegation.interrupt():
            self._delegation_sound.flush()

    def found(self) -> None:
        """Let that of an outage not be heard any more: there is a session again."""
        if self._outage.stop():
            self._outage_sound.flush()

    def stop(self) -> None:
        """Let none be heard any more."""
        self.found()
        self.interrupt()
