"""The voices of the protocol, as espeak-ng can give them: told apart by pitch and variant. Pure."""

from __future__ import annotations

from dataclasses import dataclass

WORDS_PER_MINUTE = 155


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """One voice of espeak-ng."""

    name: str
    pitch: int
    """0 to 99; 50 is the voice's own."""


VOICES = {
    "marin": EspeakVoice("en-us+f2", 55),
    "cedar": EspeakVoice("en-us+m3", 40),
    "alloy": EspeakVoice("en-us", 50),
    "ash": EspeakVoice("en-us+m1", 45),
    "ballad": EspeakVoice("en-us", 35),
    "coral": EspeakVoice("en-us+f2", 65),
    "echo": EspeakVoice("en-us+m3", 30),
    "sage": EspeakVoice("en-us+klatt2", 50),
    "shimmer": EspeakVoice("en-us+f2", 75),
    "verse": EspeakVoice("en-us+m1", 60),
}

CALLER = EspeakVoice("en-us+klatt2", 50)
"""The test caller: the voice recognition understands best."""


def espeak_voice(name: str) -> EspeakVoice:
    """Return the voice for a name of the protocol; unknown names get the first."""
    return VOICES.get(name, VOICES["marin"])
