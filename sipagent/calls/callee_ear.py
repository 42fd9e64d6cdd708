"""Who answered a call of ours, by the first seconds of their audio. Pure.

A person says a word or two and waits for an answer; a machine talks on, and then it beeps.

- ``HumanHeard``: speech, then ``PAUSE_MS`` of silence, before ``greeting_ms`` of it; or nothing at
  all for ``SILENCE_MS``.
- ``MachineHeard``: ``greeting_ms`` of speech without such a pause; music counts as speech.
- ``BeepHeard``: one steady tone after speech. It overrules: a machine may pause as people do.
- ``FaxHeard``: the answer of a fax machine (ITU-T T.30 section 4.3.3, CED: 2100 Hz).
- ``GreetingEnded``: a machine has said nothing for ``GREETING_END_MS``.

Time is counted in frames from the answer on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sipagent.audio.beep import Tone, ToneEar
from sipagent.audio.frames import FRAME_MS, Pcm
from sipagent.audio.level import dbov

PAUSE_MS = 700
"""More than between the sentences of a usual greeting, less than until a second hello."""

SILENCE_MS = 3_000
GREETING_END_MS = 3_000
WATCHED_MS = 60_000
"""Afterwards a tone is none of a voicemail's."""

MIN_WORD_MS = 100
"""Voice that is shorter is a click, or how a tone begins."""
MIN_TONE_MS = 60
"""What is so pure for so long is no voice."""

VOICED_DBOV, NOISE_MARGIN_DB = -45.0, 8.0
LOUDEST_NOISE_DBOV = -37.0
NOISE_RISE_DB = 0.1
"""Per frame: noise is what the level never falls below for long."""

BEEP_HZ = (390.0, 2_030.0)
"""400 to 2000 Hz, and what is measured of them."""
BEEP_MS = (150, 2_500)
FAX_HZ = (2_050.0, 2_150.0)
FAX_MS = 500


@dataclass(frozen=True, slots=True)
class HumanHeard:
    """A person answered."""

    greeting_ms: int
    """Length of what was said; 0: nothing."""


@dataclass(frozen=True, slots=True)
class MachineHeard:
    """A machine answered."""

    greeting_ms: int
    """So far."""


@dataclass(frozen=True, slots=True)
class FaxHeard:
    """A fax machine answered."""


@dataclass(frozen=True, slots=True)
class BeepHeard:
    """The beep is over."""

    greeting_ms: int
    beep_ms: int
    """From the answer to its end."""


@dataclass(frozen=True, slots=True)
class GreetingEnded:
    """The machine has stopped talking, and did not beep."""


CalleeSound: TypeAlias = HumanHeard | MachineHeard | FaxHeard | BeepHeard | GreetingEnded


class CalleeEar:
    """Listen to whoever answered.

    Args:
        rate_hz: Of the frames.
        greeting_ms: Whoever speaks for longer without a pause is a machine.
    """

    def __init__(self, rate_hz: int, greeting_ms: int) -> None:
        self._greeting_ms = greeting_ms
        self._tones = ToneEar(rate_hz)
        self._elapsed_ms = 0
        self._noise_dbov = LOUDEST_NOISE_DBOV
        self._word_ms = 0
        self._began_ms: int | None = None
        self._voiced_until_ms = 0
        self._is_decided = self._is_machine = self._has_ended = self._is_fax = False

    def hear(self, frame: Pcm) -> list[CalleeSound]:
        """Take one frame; return what it shows."""
        if self._elapsed_ms >= WATCHED_MS:
            return []
        tone = self._tones.hear(frame)
        self._elapsed_ms += FRAME_MS
        self._note_voice(dbov(frame))
        return [*self._fax(), *self._beep(tone), *self._verdict(), *self._end()]

    @property
    def _spoken_ms(self) -> int:
        return 0 if self._began_ms is None else self._voiced_until_ms - self._began_ms

    @property
    def _silent_ms(self) -> int:
        return self._elapsed_ms - self._voiced_until_ms

    def _note_voice(self, level_dbov: float) -> None:
        self._noise_dbov = min(level_dbov, self._noise_dbov + NOISE_RISE_DB, LOUDEST_NOISE_DBOV)
        current = self._tones.current
        is_tone = current is not None and current.duration_ms >= MIN_TONE_MS
        is_voiced = level_dbov > max(VOICED_DBOV, self._noise_dbov + NOISE_MARGIN_DB)
        if not is_voiced or is_tone:
            self._word_ms = 0
            return
        self._word_ms += FRAME_MS
        if self._word_ms >= MIN_WORD_MS:
            if self._began_ms is None:
                self._began_ms = self._elapsed_ms - self._word_ms
            self._voiced_until_ms = self._elapsed_ms
            self._has_ended = False

    def _fax(self) -> list[CalleeSound]:
        tone = self._tones.current
        if self._is_fax or tone is None or tone.duration_ms < FAX_MS:
            return []
        self._is_fax = FAX_HZ[0] <= tone.freq_hz <= FAX_HZ[1]
        self._is_decided = self._is_decided or self._is_fax
        return [FaxHeard()] if self._is_fax else []

    def _beep(self, tone: Tone | None) -> list[CalleeSound]:
        if tone is None or not self._spoken_ms or not BEEP_HZ[0] <= tone.freq_hz <= BEEP_HZ[1]:
            return []
        if not BEEP_MS[0] <= tone.duration_ms <= BEEP_MS[1]:
            return []
        self._is_decided = self._is_machine = self._has_ended = True
        return [BeepHeard(self._spoken_ms, self._elapsed_ms - FRAME_MS)]

    def _verdict(self) -> list[CalleeSound]:
        if self._is_decided:
            return []
        if self._began_ms is None:
            self._is_decided = self._elapsed_ms >= SILENCE_MS
            return [HumanHeard(0)] if self._is_decided else []
        if self._spoken_ms >= self._greeting_ms:
            self._is_decided = self._is_machine = True
            return [MachineHeard(self._spoken_ms)]
        if self._silent_ms >= PAUSE_MS:
            self._is_decided = True
            return [HumanHeard(self._spoken_ms)]
        return []

    def _end(self) -> list[CalleeSound]:
        if self._has_ended or not self._is_machine or self._silent_ms < GREETING_END_MS:
            return []
        self._has_ended = True
        return [GreetingEnded()]
