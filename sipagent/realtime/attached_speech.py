"""What the agent says, where the endpoint plays it to a phone: what is heard, how it is cut off.

No audio comes over the socket, and the endpoint knows what was heard, so it cuts its conversation
by itself, also when the caller speaks: nothing is sent then. Who wants the agent to be quiet
cancels the response and drops what waits to be heard (Realtime: output_audio_buffer.clear).

No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from sipagent.agents.agent import RealtimeAgent
from sipagent.wire import client, server
from sipagent.wire.events import Json

from .conversation_events import AudioInterrupted
from .outbox import Outbox
from .playback import AttachedPlayback, HeardItem


class AttachedSpeech:
    """Decide what is done about an agent whom the endpoint plays.

    Args:
        out: Where it is said.
        playback: Is told what is heard.
        has_spoken: Whether the agent is known to have been heard before.
        response_id: Of what may be made still, as an earlier connection told.
    """

    def __init__(
        self, out: Outbox, playback: AttachedPlayback, *, has_spoken: bool, response_id: str = ""
    ) -> None:
        self._out, self._playback = out, playback
        self.has_spoken = has_spoken
        self.response_id = response_id
        self._interrupted: set[str] = set()
        playback.clear()

    def configured(self, session: Json) -> None:
        """Do nothing: formats and interruptions are the endpoint's own business."""

    def response_created(self, response_id: str) -> None:
        """Note that a response began."""
        self.response_id = response_id

    def response_done(self, response_id: str) -> None:
        """Note that nothing more is made of a response; it may be heard for a long time yet."""
        self._interrupted.discard(response_id)

    def is_dropped(self, response_id: str) -> bool:
        """Tell whether what still comes of a response does not count."""
        return response_id in self._interrupted

    def audio_delta(
        self, event: server.ResponseOutputAudioDelta, agent: RealtimeAgent, *, now: float
    ) -> None:
        """Do nothing: nobody here plays it."""

    def take(self, event: server.ServerEvent, *, now: float) -> None:
        """Take an event about what is heard."""
        match event:
            case server.OutputAudioBufferStarted(response_id=response_id):
                self.has_spoken = True
                self._playback.started(response_id)
            case server.OutputAudioBufferStopped(response_id=response_id):
                self._playback.ended(response_id)
            case server.OutputAudioBufferCleared(response_id=response_id):
                self._playback.ended(response_id)
                self._out.tell(AudioInterrupted("", 0, 0, now))
            case server.ResponseOutputAudioTranscriptDelta():
                self.has_spoken = True  # it is made already, and the voice with it
            case _:
                pass

    def stop(self, response_id: str, *, now: float) -> None:
        """Cut an answer off that must not be heard."""
        self.interrupt(None, cancel=True, now=now)

    def interrupt(self, heard: Sequence[HeardItem] | None, *, cancel: bool, now: float) -> None:
        """Let the agent be quiet.

        Args:
            heard: Of no interest: the endpoint knows better.
            cancel: Whether to cancel the response.
            now: Monotonic seconds; the interruption is told when the endpoint confirms it.
        """
        if cancel and self._out.sequencer.cancel():
            self._interrupted.add(self.response_id)
            self._out.send(client.ResponseCancel())
        self._out.send(client.OutputAudioBufferClear())
