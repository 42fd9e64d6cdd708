"""The agent hears what comes before the answer (early media, RFC 3960), and says nothing to it.

Networks say there why nobody can be reached. It is written down by the endpoint as what the other
side says is; on the answer the agent is told that it was not the callee's. A call that ends without
one ends when all of it is written down.

| resource | acquired                   | released   | on failure                      |
|----------|----------------------------|------------|---------------------------------|
| pump     | media, and the session     | the answer | nothing more of it is heard     |
"""

from __future__ import annotations

from collections.abc import Sequence

from sipagent.audio.frames import Pcm
from sipagent.realtime.connection_events import Reconnected
from sipagent.realtime.events import SpeechStarted, SpeechStopped, UserTranscript
from sipagent.sip.events import Disconnected

from .events import EarlyMediaWritten, SessionReady
from .gate import Gate
from .hold import still
from .inbox import Inbox
from .part import CallHands

ANSWERED_NOTE = (
    "The call has been answered only now. What you heard before came from the telephone network."
)


class EarlyEar:
    """Let the agent of one call listen until it is answered."""

    def __init__(self) -> None:
        self._gate: Gate | None = None
        self._is_ready = self._is_listening = self._has_heard = False
        self._is_speaking = self._is_over = False
        self._unwritten: set[str] = set()

    def begin(self, rate_hz: int, hands: CallHands) -> None:
        """Note that there is media; harmless twice."""
        if self._gate is None:
            self._gate = Gate(rate_hz, is_open=True)
            self._listen(hands)

    def put(self, frames: Sequence[Pcm]) -> None:
        """Take what came."""
        if self._gate is not None:
            self._gate.put(frames)

    def handle(self, message: Inbox, hands: CallHands) -> None:
        """Act on what the session tells."""
        match message:
            case SessionReady():
                self._is_ready = True
                self._listen(hands)
            case SpeechStarted(item_id=item_id) if self._is_listening:
                self._has_heard = self._is_speaking = True
                self._unwritten.add(item_id)
            case SpeechStopped():
                self._is_speaking = False
            case UserTranscript(item_id=item_id):
                self._unwritten.discard(item_id)
                self._look(hands)
            case Disconnected():
                self._is_over = True
                if self._is_speaking:
                    hands.conversation.commands.end_turn()
                self._look(hands)
            case Reconnected() if self._is_listening:
                self._be_quiet(hands)
            case _:
                pass

    def end(self, hands: CallHands) -> None:
        """Let the agent talk: the callee is there."""
        if self._gate is not None:
            self._gate.close()
        if not self._is_listening:
            return
        self._is_listening = False
        agent, usual = hands.conversation.commands, hands.setup.session.get("turn_detection")
        agent.forget_audio()
        if usual is not None:
            agent.detect_turns(usual)
        if self._has_heard:
            agent.note(ANSWERED_NOTE)

    def _look(self, hands: CallHands) -> None:
        """Tell whether all is written down of a call that is over."""
        if self._is_over and not self._unwritten:
            hands.post(EarlyMediaWritten())

    def _listen(self, hands: CallHands) -> None:
        gate = self._gate
        if gate is None or not self._is_ready or self._is_listening:
            return
        self._is_listening = True
        self._be_quiet(hands)
        hands.run(lambda: hands.conversation.send_caller_audio(gate), "early media")

    def _be_quiet(self, hands: CallHands) -> None:
        usual = hands.setup.session.get("turn_detection")
        if usual is not None:
            hands.conversation.commands.detect_turns(still(usual))
