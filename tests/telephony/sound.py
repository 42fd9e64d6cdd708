"""Judging sound that came through a jitter buffer on a machine that is shared."""

from __future__ import annotations

from statistics import median

import numpy as np

from sipagent.audio.frames import Pcm
from sipagent.audio.level import dbov
from sipagent.audio.spectrum import tone_snr_db
from sipagent.sip.call import SipCall

WINDOW_MS = 100
SHORT_MS, STEP_MS = 60, 10


def usual_snr_db(pcm: Pcm, rate_hz: int, freq_hz: float) -> float:
    """Return how clean a tone is for most of its time.

    A packet that was late because the machine was busy is concealed, and shifts all that follows:
    one window shows it, the whole would.
    """
    return median(tone_snr_db(window, rate_hz, freq_hz) for window in _windows(pcm, rate_hz))


def best_snr_db(pcm: Pcm, rate_hz: int, freq_hz: float, *, window_ms: int = SHORT_MS) -> float:
    """Return how clean a tone is at its cleanest: whether it came through at all.

    Between two packets that were late there may be little of it.
    """
    return cleanest(pcm, rate_hz, freq_hz, window_ms=window_ms)[0]


def cleanest(
    pcm: Pcm, rate_hz: int, freq_hz: float, *, window_ms: int = SHORT_MS
) -> tuple[float, float]:
    """Return how clean a tone is where it is cleanest, and how loud it is there, in dBov.

    That is what a codec leaves of it; what else there is says how busy the machine was.
    """
    windows = _windows(pcm, rate_hz, window_ms, STEP_MS)
    return max((tone_snr_db(window, rate_hz, freq_hz), dbov(window)) for window in windows)


def _windows(
    pcm: Pcm, rate_hz: int, window_ms: int = WINDOW_MS, step_ms: int = WINDOW_MS
) -> list[Pcm]:
    """Return the whole windows of ``pcm`` in which there is anything."""
    size, step = (rate_hz * each // 1000 for each in (window_ms, step_ms))
    windows = [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, step)]
    return [window for window in windows if window.any()]


async def hear(leg: SipCall, voiced_frames: int) -> Pcm:
    """Return what ``leg`` hears until ``voiced_frames`` frames had sound in them."""
    assert leg.media is not None
    frames: list[Pcm] = []
    voiced = 0
    while voiced < voiced_frames:
        heard = await leg.media.next_frames()
        assert heard, "the leg ended"
        frames += heard
        voiced += sum(int(np.abs(frame.astype(int)).max() > 500) for frame in heard)
    return np.concatenate(frames)
