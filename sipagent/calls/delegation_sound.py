"""Plays the filler of delegations on a leg: hears what the session says, obeys the policy."""

from __future__ import annotations

from sipagent.dialplan.backend import DELEGATE_TOOL
from sipagent.realtime import events as session_events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.sip.media_port import MediaPort

from .delegation_filler import DELEGATION_ITEM, DelegationFiller
from .prompt_sound import PromptSound
from .setup import CallSetup


class DelegationSound:
    """The filler of one conversation.

    Args:
        setup: The call's share of its plan.
    """

    def __init__(self, setup: CallSetup) -> None:
        self._sound = PromptSound(DELEGATION_ITEM, setup.prompts.delegation)
        every_s = 0.0 if setup.backend is None else setup.backend.filler_every_s
        self._filler = DelegationFiller(every_s)
        self._is_caller_speaking = False

    @property
    def is_playing(self) -> bool:
        """Tell whether it is being heard."""
        return self._filler.is_playing

    def deadline(self) -> float | None:
        """Return when :meth:`look` is due, or None."""
        return self._filler.deadline()

    def start(self, media: MediaPort) -> None:
        """Take the leg's media."""
        self._sound.start(media)

    def told(self, event: session_events.SessionEvent) -> None:
        """Take what the session says, before anybody acts on it."""
        match event:
            case session_events.ToolStarted(tool_call_id=tool_call_id, name=name):
                if name == DELEGATE_TOOL and self._sound.is_audible:
                    self._filler.began(tool_call_id)
            case session_events.ToolEnded(tool_call_id=tool_call_id):
                self._filler.ended(tool_call_id)
            case session_events.AudioDelta():
                self.stop()
            case session_events.SpeechStarted():
                self._is_caller_speaking = True
                self.stop()
            case session_events.SpeechStopped():
                self._is_caller_speaking = False
            case ConnectionLost() | Reconnected():  # what ran over the one before was cancelled
                self._is_caller_speaking = False
                if self._filler.forget():
                    self._sound.flush()
            case _:
                pass

    def look(self, *, is_silent: bool, now: float) -> None:
        """Play it if it is time, and nobody speaks.

        Args:
            is_silent: Whether nothing is being said, queued or made, but for the filler.
            now: Monotonic seconds.
        """
        self._filler.floor(is_free=is_silent and not self._is_caller_speaking, now=now)
        if self._filler.is_due(now):
            self._sound.play()

    def played(self) -> None:
        """Note that it was heard to its end."""
        self._filler.played()

    def stop(self) -> None:
        """Let it not be heard any more, for now."""
        if self._filler.interrupt():
            self._sound.flush()
