"""Caller audio, forwarded."""

from __future__ import annotations

from collections.abc import Sequence

from sipagent.audio.formats import AudioFormat
from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.tones import tone
from sipagent.calls.caller_audio import forward


class Frames:
    """Has some frames, several at a time, and then no more."""

    rate_hz = 8_000

    def __init__(self, *batches: list[Pcm]) -> None:
        self._batches = list(batches)

    async def next_frames(self) -> Sequence[Pcm]:
        """Return the next batch."""
        return self._batches.pop(0) if self._batches else []


class Noted:
    """Notes what it is given."""

    def __init__(self) -> None:
        self.audio: list[bytes] = []

    async def append_audio(self, audio: bytes) -> None:
        """Note it."""
        self.audio.append(audio)


async def test_every_frame_goes_on_its_own_in_order() -> None:
    first, second, third = (tone(400, 20, 8_000, level_dbov=level) for level in (-30, -20, -10))
    noted = Noted()
    await forward(Frames([first, second], [third]), noted, AudioFormat.PCMU)
    assert noted.audio == [pcm_to_pcmu(frame) for frame in (first, second, third)]


async def test_it_goes_at_the_rate_that_the_session_wants() -> None:
    frames = [tone(400, 20, 8_000) for _ in range(5)]
    noted = Noted()
    await forward(Frames(frames), noted, AudioFormat.PCM24)
    samples = sum(len(audio) // 2 for audio in noted.audio)
    assert 4 * 480 <= samples <= 5 * 480  # the resampler keeps a little to go on from
