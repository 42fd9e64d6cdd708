"""What the agent says to the caller: played, told item by item, cut off.

Joins the audio on its way (``agent_audio``), the words and how much of them was heard (``turns``),
and what is told of interruptions (``cuts``). Who may speak is decided elsewhere.

Runs on the loop; nothing here waits. ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sipagent.audio.formats import AudioFormat
from sipagent.audio.playout import Heard
from sipagent.deadlines import earliest
from sipagent.realtime import events as session_events
from sipagent.sip.media_port import MediaPort

from . import facts
from .agent_audio import AgentAudio, HoldSettings
from .answer_checks import CheckEvent, apply_check
from .cuts import Cuts
from .turns import AgentTurns

ResponsePart: TypeAlias = (
    session_events.AudioDelta
    | session_events.AudioDone
    | session_events.AgentTranscriptDelta
    | session_events.AgentTranscript
)

SpeechEvent: TypeAlias = ResponsePart | session_events.ItemTruncated | CheckEvent
"""What a session says of it."""


class AgentSpeech:
    """Play and tell what agents say on one leg.

    Args:
        audio_format: Of the session.
        settings: What audio waits for.
        tell: Where facts go.
    """

    def __init__(
        self,
        audio_format: AudioFormat,
        settings: HoldSettings,
        tell: Callable[[facts.Fact], None],
    ) -> None:
        self._format, self._settings, self._tell = audio_format, settings, tell
        self._turns, self._cuts = AgentTurns(), Cuts()
        self._media: MediaPort | None = None
        self._audio: AgentAudio | None = None
        self._cut_response_id: str | None = None

    def start(self, media: MediaPort) -> None:
        """Take the leg's media; before, nothing is played."""
        self._media = media
        self._audio = AgentAudio(media, self._format, self._settings)

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is played, queued or held back."""
        return self._audio is None or self._audio.is_idle

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        held_until = None if self._audio is None else self._audio.deadline()
        return earliest((self._cuts.deadline(), held_until))

    def handle_timer(self, now: float) -> None:
        """Tell, and play, what has waited long enough."""
        self._tell_barge_ins(now)
        if self._audio is not None:
            self._audio.handle_timer(now)

    def handle(self, event: SpeechEvent, agent: str, *, now: float) -> None:
        """Act on what the session says; ``agent`` is who speaks."""
        match event:
            case session_events.AudioDelta() if self._audio is not None:
                self._turns.add_delta(event.item_id, agent, "")
                self._audio.push(event, now=now)
            case session_events.AudioDone() if self._audio is not None:
                self._audio.finish(event, now=now)
            case session_events.AgentTranscriptDelta(item_id=item_id, delta=delta):
                self._turns.add_delta(item_id, agent, delta)
            case session_events.AgentTranscript(item_id=item_id, text=text):
                self._tell(facts.AgentWorded(item_id, agent, text))
                self._tell_if(self._turns.finish_transcript(item_id, agent, text))
            case session_events.ItemTruncated(item_id=item_id, audio_end_ms=audio_end_ms):
                self._tell_if(self._cuts.confirmed(item_id, audio_end_ms))
            case _ if isinstance(event, CheckEvent) and self._audio is not None:
                self._tell_if(apply_check(self._audio, event, now=now))
            case _:
                pass  # audio of a leg without media

    def is_late(self, event: session_events.SessionEvent) -> bool:
        """Tell whether it is of the answer that was cut off, and was on its way by then."""
        return isinstance(event, ResponsePart) and event.response_id == self._cut_response_id

    # What is heard of it.

    def first_frame_played(self, item_id: str, gap_ms: int | None) -> None:
        """Note that an item began to be heard, ``gap_ms`` after the caller's last word."""
        self._tell(facts.AgentSoundStarted(item_id, self._turns.agent_of(item_id), gap_ms))

    def item_played(self, item_id: str) -> None:
        """Note that an item was heard to its end."""
        assert self._media is not None
        self._tell_if(self._turns.played(item_id, self._media.heard(item_id)))

    def so_far(self) -> list[facts.AgentSaidSoFar]:
        """Return what is being said, as far as it was heard."""
        audio = self._audio
        if audio is None:
            return []
        items = self._turns.open_items()
        return self._turns.so_far({item_id: audio.progress_ms(item_id) for item_id in items})

    # The end of it.

    def cut(self, response_id: str | None) -> list[Heard]:
        """Stop playing and drop what still comes of a response; return what was heard."""
        if self._audio is None:
            return []
        heard = self._audio.cut()
        self._cut_response_id = response_id
        self._tell_cut_off(heard)
        return heard

    def interrupted(self, heard: Sequence[Heard], *, at: float, now: float) -> None:
        """Have it told, once it is silent, that the caller took the floor ``at`` some time."""
        self._cuts.made(heard, at=at, now=now)

    def abandon(self) -> None:
        """Expect no more of what a session before was saying; what came of it is heard."""
        self._cut_response_id = None
        received_ms = self._audio.abandon() if self._audio is not None else {}
        for said in self._turns.abandon(received_ms):
            self._tell(said)

    def finish(self) -> None:
        """Tell what was being said when the call ended."""
        if self._audio is not None:
            self._tell_cut_off(self._audio.cut())
        for item_id in self._turns.open_items():
            self._tell_if(self._turns.cut_off(item_id, 0, 1))
        self._tell_barge_ins(float("inf"))

    def _tell_barge_ins(self, now: float) -> None:
        if self._media is not None:
            for barged_in in self._cuts.settled(now, self._media.last_voiced_at):
                self._tell(barged_in)

    def _tell_cut_off(self, heard: Sequence[Heard]) -> None:
        for item in heard:
            self._tell_if(self._turns.cut_off(item.item_id, item.heard_ms, item.received_ms))

    def _tell_if(self, fact: facts.Fact | None) -> None:
        if fact is not None:
            self._tell(fact)
