"""Tells what is being said on a call over a leg, for a record that a crash leaves behind."""

from __future__ import annotations

from sipagent.realtime import events as session_events
from sipagent.realtime.conversation_events import UserTranscriptDelta
from sipagent.sip.events import FirstFramePlayed

from .inbox import Inbox
from .part import CallPart
from .speech_so_far import SpeechSoFar


class SpeechWatch(CallPart):
    """Have an unfinished turn told as it grows; see ``speech_so_far`` for when."""

    def __init__(self) -> None:
        super().__init__()
        self._so_far = SpeechSoFar()

    def handle(self, message: Inbox) -> None:
        """Note that somebody is heard."""
        match message:
            case FirstFramePlayed():
                self._so_far.agent_sounds(self.hands.now())
            case UserTranscriptDelta(item_id=item_id, delta=delta):
                self._so_far.caller_said_more(item_id, delta, self.hands.now())
            case session_events.UserTranscript(item_id=item_id):
                self._so_far.caller_said(item_id)
            case _:
                pass

    def deadline(self) -> float | None:
        """Return when there may be something to tell."""
        return self._so_far.deadline()

    def handle_timer(self, now: float) -> None:
        """Tell what is new."""
        at = self._so_far.deadline()
        if at is not None and now >= at:
            for fact in self._so_far.due(self.hands.conversation.being_said(), now):
                self.hands.tell(fact)
