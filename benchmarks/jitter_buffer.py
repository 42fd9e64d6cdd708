"""What PJSIP's jitter buffer makes of bad lines: ``python -m benchmarks.jitter_buffer``.

The buffer itself (``pjmedia_jbuf``, by its exported functions), without network, clock or call: two
minutes of packets in a second, the same every time. ``--frames`` tries other settings.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge

from sipagent.sip.pjlib import native
from sipagent.sip.stack import JITTER_BUFFER_MS
from tests.telephony.bad_line import BadLine, Faults

PTIME_MS = 20
FRAME_BYTES = 160
PACKETS = 6_000
PHASES_MS = (2.0, 7.0, 12.0, 17.0)
"""Where in its 20 ms the clock asks for frames, after a packet that was not delayed."""
POOL_BYTES = 1 << 20
PROGRESSIVE = 2
"""How PJSIP shortens the delay again unless told otherwise (``PJMEDIA_JB_DISCARD_PROGRESSIVE``)."""
NORMAL_FRAME = 1

LINES = {
    "clean": Faults(),
    "20 ms jitter": Faults(jitter_ms=20, reorders=True),
    "40 ms jitter, in order": Faults(jitter_ms=40),
    "40 ms jitter, reordered": Faults(jitter_ms=40, reorders=True),
    "80 ms jitter, reordered": Faults(jitter_ms=80, reorders=True),
    "5 % lost": Faults(random_loss=0.05),
    "5 % lost, 40 ms jitter, reordered": Faults(random_loss=0.05, jitter_ms=40, reorders=True),
    "3 % lost in bursts": Faults(burst_loss=0.03),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the packets of a line."""

    lost_percent: float
    late_percent: float
    """Came, and were not played: too late, or to shorten the delay."""
    delay_ms: float
    """From where a packet was sent to where it was played, the line's own included."""


class _Name(ctypes.Structure):
    _fields_ = (("text", ctypes.c_char_p), ("length", ctypes.c_ssize_t))


class JitterBuffer:
    """One of PJSIP's.

    Args:
        frames: First, least and most delay, and how much it holds.
    """

    def __init__(self, frames: Sequence[int]) -> None:
        self._library = native()
        self._library.pj_log_set_level(0)
        self._library.pj_init()
        self._factory = ctypes.create_string_buffer(1 << 16)
        policy = (ctypes.c_char * 64).in_dll(self._library, "pj_pool_factory_default_policy")
        self._library.pj_caching_pool_init(self._factory, policy, ctypes.c_size_t(0))
        create = self._library.pj_pool_create
        create.restype = ctypes.c_void_p
        size = ctypes.c_size_t(POOL_BYTES)
        pool = ctypes.c_void_p(create(self._factory, b"bench", size, size, None))
        first, least, most, all_frames = frames
        self._buffer = ctypes.c_void_p()
        name, place = ctypes.byref(_Name(b"bench", 5)), ctypes.byref(self._buffer)
        self._library.pjmedia_jbuf_create(pool, name, FRAME_BYTES, PTIME_MS, all_frames, place)
        self._library.pjmedia_jbuf_set_adaptive(self._buffer, first, least, most)
        self._library.pjmedia_jbuf_set_discard(self._buffer, PROGRESSIVE)

    def put(self, number: int) -> None:
        """Take packet ``number``."""
        frame = number.to_bytes(FRAME_BYTES, "little")
        size, was_dropped = ctypes.c_size_t(FRAME_BYTES), ctypes.c_int()
        self._library.pjmedia_jbuf_put_frame3(
            self._buffer, frame, size, 0, number, number * FRAME_BYTES, ctypes.byref(was_dropped)
        )

    def get(self) -> int | None:
        """Return which packet is played next; None: what is missing is made up."""
        frame = ctypes.create_string_buffer(FRAME_BYTES)
        kind, size = ctypes.c_char(), ctypes.c_size_t(FRAME_BYTES)
        self._library.pjmedia_jbuf_get_frame2(
            self._buffer, frame, ctypes.byref(size), ctypes.byref(kind), None
        )
        is_packet = kind.value[0] == NORMAL_FRAME
        return int.from_bytes(frame.raw, "little") if is_packet else None

    def close(self) -> None:
        """Free it."""
        self._library.pjmedia_jbuf_destroy(self._buffer)
        self._library.pj_caching_pool_destroy(self._factory)


def play(faults: Faults, frames: Sequence[int], phase_ms: float, seed: int) -> Outcome:
    """Return what becomes of packets sent every 20 ms over such a line."""
    line, buffer = BadLine(faults, seed), JitterBuffer(frames)
    dues = [line.due(now=number * PTIME_MS / 1000) for number in range(PACKETS)]
    arrivals = sorted((due * 1000, 0, number) for number, due in enumerate(dues) if due is not None)
    asked = [(number * PTIME_MS + phase_ms, 1, number) for number in range(PACKETS + 50)]
    delays_ms: list[float] = []
    for at_ms, is_asked, number in merge(arrivals, asked):
        if not is_asked:
            buffer.put(number)
        elif (played := buffer.get()) is not None:
            delays_ms.append(at_ms - played * PTIME_MS)
    buffer.close()
    late = len(arrivals) - len(delays_ms)
    mean_ms = sum(delays_ms) / len(delays_ms)
    return Outcome(line.lost / PACKETS * 100, late / PACKETS * 100, mean_ms)


def mean(faults: Faults, frames: Sequence[int]) -> Outcome:
    """Return the mean over clocks that ask at other times."""
    outcomes = [play(faults, frames, phase, seed) for seed, phase in enumerate(PHASES_MS)]
    count = len(outcomes)
    return Outcome(
        sum(each.lost_percent for each in outcomes) / count,
        sum(each.late_percent for each in outcomes) / count,
        sum(each.delay_ms for each in outcomes) / count,
    )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    ours = [duration // PTIME_MS for duration in JITTER_BUFFER_MS]
    names = ("FIRST", "LEAST", "MOST", "ALL")
    parser.add_argument("--frames", nargs=4, type=int, default=ours, metavar=names)
    frames: list[int] = parser.parse_args().frames
    sys.stdout.write(f"{'line':<36}{'lost':>9}{'late':>9}{'delay':>10}\n")
    for name, faults in LINES.items():
        found = mean(faults, frames)
        percents = f"{found.lost_percent:>7.2f} %{found.late_percent:>7.2f} %"
        sys.stdout.write(f"{name:<36}{percents}{found.delay_ms:>7.1f} ms\n")


if __name__ == "__main__":
    main()
