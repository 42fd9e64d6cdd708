"""How often people are told from machines: ``python -m benchmarks.voicemail``.

Greetings are spoken by the engine's voices, pass through G.711, and get a line's noise. They are
cleaner than real ones, and music is made of chords: the table shows what the rules can do and where
they are wrong by design, not what a network will do to them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from sipagent.audio.frames import FRAME_MS, Pcm, frame_samples, silence
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.level import dbov
from sipagent.audio.resample import resample
from sipagent.audio.tones import tone
from sipagent.calls.callee_ear import (
    BeepHeard,
    CalleeEar,
    CalleeSound,
    FaxHeard,
    HumanHeard,
    MachineHeard,
)
from sipagent.calls.setup import VoicemailSetup
from sipagent.engine.tts.speaker import Speaker
from sipagent.engine.tts.voices import VOICES

RATE_HZ = 8_000
BEEP_HZ = (440, 800, 1_000, 1_400, 2_000)
NOISE_DBOV = (-70.0, -50.0, -42.0)
SPEECH_DBOV = -24.0
LEAD_MS = (100, 600)
"""Between the answer and the first word."""
AFTER_MS = 4_000
"""A person who has said hello waits."""

SPOKEN = {
    "person, a word": ("human", ("Hello?", "Yes?", "Smith.", "Good morning.")),
    "person, a sentence": (
        "human",
        ("Miller and sons, good morning.", "Hello, this is Ada speaking."),
    ),
    "person, a long sentence": (
        "human",
        ("Good morning, Miller and sons, my name is Ada, how may I help you today?",),
    ),
    "machine": (
        "machine",
        (
            "You have reached the mailbox of Ada Miller. I cannot take your call at the moment, "
            "please leave a message after the tone.",
            "Hi, this is Bob. Sorry I missed you, please leave your name and number and I will "
            "call you back as soon as I can.",
        ),
    ),
    "machine, short": ("machine", ("Leave a message.", "Please leave a message after the tone.")),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What a callee says, and what they are."""

    kind: str
    truth: str
    pcm: Pcm
    beep_hz: int = 0


def at_level(pcm: Pcm, level_dbov: float) -> Pcm:
    """Return ``pcm`` at a level."""
    scaled: Pcm = np.clip(pcm * 10 ** ((level_dbov - dbov(pcm)) / 20), -32_000, 32_000).astype(
        np.int16
    )
    return scaled


def on_a_line(pcm: Pcm, lead_ms: int, noise_dbov: float, seed: int) -> Pcm:
    """Return ``pcm`` after a pause, with noise and through G.711."""
    padded = np.concatenate([silence(lead_ms * 8), pcm, silence(AFTER_MS * 8)])
    noise = np.random.default_rng(seed).normal(0, 32_768 * 10 ** (noise_dbov / 20), len(padded))
    heard: Pcm = np.clip(padded + noise, -32_768, 32_767).astype(np.int16)
    return pcmu_to_pcm(pcm_to_pcmu(heard))


def music(seed: int) -> Pcm:
    """Return 8 s of chords, as waiting callers hear."""
    chance = np.random.default_rng(seed)
    chords = []
    for _ in range(16):
        root = chance.uniform(180, 300)
        parts = [tone(root * step, 500, RATE_HZ, level_dbov=-24.0) for step in (1, 1.26, 1.5, 2)]
        chords.append(np.sum(parts, axis=0, dtype=np.int32).clip(-32_000, 32_000).astype(np.int16))
    return np.concatenate(chords)


def unspoken(seed: int) -> Iterator[Sample]:
    """Make what no voice says."""
    yield Sample("silence", "human", silence(RATE_HZ))
    yield Sample("fax", "fax", tone(2_100, 3_000, RATE_HZ, level_dbov=-20.0))
    yield Sample("music", "machine", music(seed))


async def samples(voices: Sequence[str]) -> list[Sample]:
    """Make all of them."""
    speaker, made = Speaker(), list[Sample]()
    try:
        for voice in voices:
            for kind, (truth, texts) in SPOKEN.items():
                for number, text in enumerate(texts):
                    pcm = await speaker.speak(text, VOICES[voice])
                    said = at_level(resample(pcm, speaker.rate_hz, RATE_HZ), SPEECH_DBOV)
                    beep_hz = BEEP_HZ[(number + len(made)) % 5] if truth == "machine" else 0
                    if beep_hz:
                        pause, beep = silence(5_600), tone(beep_hz, 400, RATE_HZ, level_dbov=-18.0)
                        said = np.concatenate([said, pause, beep])
                    made.append(Sample(kind, truth, said, beep_hz))
    finally:
        await speaker.close()
    return [*made, *(each for seed in range(len(voices)) for each in unspoken(seed))]


def heard(pcm: Pcm) -> list[tuple[int, CalleeSound]]:
    """Return what an ear tells of ``pcm``, and when, in ms."""
    ear, size = CalleeEar(RATE_HZ, VoicemailSetup().greeting_ms), frame_samples(RATE_HZ)
    return [
        (at // size * FRAME_MS + FRAME_MS, sound)
        for at in range(0, len(pcm) - size + 1, size)
        for sound in ear.hear(pcm[at : at + size])
    ]


def verdict(sounds: Sequence[tuple[int, CalleeSound]]) -> tuple[str, int]:
    """Return the last word on who it is, and when it came."""
    last = ("none", 0)
    for at_ms, sound in sounds:
        match sound:
            case HumanHeard():
                last = ("human", at_ms)
            case MachineHeard() | BeepHeard() if last[0] != "machine":
                last = ("machine", at_ms)
            case FaxHeard():
                last = ("fax", at_ms)
            case _:
                pass
    return last


def main() -> int:
    """Print the table; return 1 if the beeps of machines are missed."""
    made = asyncio.run(samples(list(VOICES)[:6]))
    print("| who answers | samples | first word right | last word right | decided after | beeps |")
    print("|---|---:|---:|---:|---:|---:|")
    missed = 0
    for kind in dict.fromkeys(each.kind for each in made):
        first = last = count = beeps = wanted = 0
        after_ms = []
        for seed, each in enumerate(each for each in made if each.kind == kind):
            for lead_ms in LEAD_MS:
                for noise_dbov in NOISE_DBOV:
                    sounds = heard(on_a_line(each.pcm, lead_ms, noise_dbov, seed))
                    count += 1
                    first += verdict(sounds[:1])[0] == each.truth
                    last += verdict(sounds)[0] == each.truth
                    after_ms.append(verdict(sounds[:1])[1] - lead_ms)
                    wanted += bool(each.beep_hz)
                    beeps += any(isinstance(sound, BeepHeard) for _, sound in sounds)
        missed += wanted - beeps if wanted else 0
        found = f"{beeps} of {wanted}" if wanted else str(beeps)
        decided = f"{median(after_ms) / 1000:.1f} s"
        print(f"| {kind} | {count} | {first} | {last} | {decided} | {found} |")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
