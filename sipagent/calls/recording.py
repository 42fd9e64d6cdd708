"""The recording of a call: when it begins, and what is kept out of it.

It begins with the media; a caller who is to be asked first is recorded from their consent on, which
comes from the agent's tool or from a key. Whoever asks for a pause gets one: the agent by tool
(both sides), and the keypad (the caller's side, while secret digits are keyed in).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from sipagent.sip.events import MediaStarted

from . import facts
from .inbox import Inbox
from .leg_facts import RecordingConsent
from .part import CallPart
from .recorder import CallRecorder
from .setup import RecordingSetup

log = logging.getLogger(__name__)


class Recording(CallPart):
    """Record a call as its plan wants it.

    Args:
        path: Of the WAV file.
        setup: How it is agreed on.
    """

    def __init__(self, path: Path, setup: RecordingSetup) -> None:
        super().__init__()
        self._path, self._setup = path, setup
        self._recorder: CallRecorder | None = None
        self._consent: RecordingConsent = "none"
        self._is_caller_muted = False
        self._paused_at_ms: int | None = None
        self._paused: list[tuple[int, int]] = []

    def handle(self, message: Inbox) -> None:
        """Begin with the media, unless the caller is to be asked."""
        if isinstance(message, MediaStarted) and self._setup.consent != "ask":
            self._begin("announced" if self._setup.consent == "announce" else "none")

    def pressed(self, key: str) -> None:
        """Begin, if a key that is no part of a number is the one by which the caller agrees."""
        if self._setup.consent == "ask" and key == self._setup.consent_key:
            self._begin("key")

    def mute(self, *, caller: bool) -> None:
        """Keep what the caller says, or keys in, out of the recording; the time goes on in it."""
        self._is_caller_muted = caller
        self._apply()

    # What agents ask for; each returns what the model is told.

    def start(self) -> str:
        """Begin: the caller agreed."""
        if self._recorder is not None:
            return "The call is being recorded already."
        return "The call is recorded from now on." if self._begin("tool") else "There is no call."

    def pause(self) -> str:
        """Keep both sides out of the recording."""
        if self._recorder is None:
            return "Nothing is being recorded."
        if self._paused_at_ms is not None:
            return "The recording is paused already."
        self._paused_at_ms = self._recorder.position_ms
        self._apply()
        return "The recording is paused: nothing that is said now is in it."

    def resume(self) -> str:
        """End the pause."""
        if self._recorder is None:
            return "Nothing is being recorded."
        if self._paused_at_ms is None:
            return "The recording is not paused."
        self._end_pause(self._recorder)
        self._apply()
        return "The recording goes on."

    async def close(self) -> Mapping[str, str]:
        """Write what is left; tell what there is."""
        if self._recorder is None:
            return {}
        self._end_pause(self._recorder)
        recorded = await self._recorder.close()
        if recorded is not None:
            self.hands.tell(
                facts.CallRecorded(
                    str(recorded.path),
                    self._consent,
                    recorded.duration_ms,
                    recorded.sha256,
                    tuple(self._paused),
                    recorded.error,
                )
            )
        return {}

    def _begin(self, consent: RecordingConsent) -> bool:
        media = self.hands.leg.media
        if self._recorder is not None or media is None:
            return False
        self._consent = consent
        self._recorder = CallRecorder(self._path, media, self._is_written)
        self._apply()
        self._recorder.start()
        self.hands.run(self._recorder.run, "recording")
        log.info("call=%s = recording, consent: %s", self.hands.call_id, consent)
        return True

    def _is_written(self, path: Path) -> None:
        self.hands.tell(facts.RecordingStarted(str(path), self._consent))

    def _end_pause(self, recorder: CallRecorder) -> None:
        if self._paused_at_ms is not None:
            until_ms = max(self._paused_at_ms, recorder.complete_ms)
            self._paused.append((self._paused_at_ms, until_ms))
            self._paused_at_ms = None

    def _apply(self) -> None:
        if self._recorder is not None:
            is_paused = self._paused_at_ms is not None
            self._recorder.mute(caller=is_paused or self._is_caller_muted, agent=is_paused)
