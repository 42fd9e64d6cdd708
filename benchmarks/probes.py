"""What is measured on one call, between its RTP and its session.

While calls are up only times are noted: arithmetic in between would make our own packets late.
``Line.evaluate`` does it when they are over.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np

from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.spectrum import tone_snr_db
from sipagent.audio.tones import tone

from .caller import Caller
from .marks import is_mark, latencies_ms, marked, quiet, spans
from .onset import EnergyOnset
from .rtp import PACKET_S, joined
from .standin import Append, Said, StandInSession

TONE_HZ = 425.0
TAIL_S = 0.3
"""After this, whatever was to be heard has been."""

EDGE_SAMPLES = 800
"""Left out at both ends of a tone before its purity is measured."""


@dataclass(slots=True)
class Measured:
    """Samples by what they are; milliseconds unless the name says otherwise."""

    inbound: list[float] = field(default_factory=list)
    outbound: list[float] = field(default_factory=list)
    barge_in: list[float] = field(default_factory=list)
    truncate_error: list[float] = field(default_factory=list)
    speech_to_silence: list[float] = field(default_factory=list)
    spacing_error: list[float] = field(default_factory=list)
    own_spacing_error: list[float] = field(default_factory=list)
    """Of our own packets: what the machine was able to."""
    snr_in_db: list[float] = field(default_factory=list)
    snr_out_db: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """What did not happen at all, or should not have."""


class Line:
    """One call and its session, and the measurements on it.

    Args:
        caller: The far end of the telephone line.
        session: The far end of the WebSocket.
        measured: Where samples go.
    """

    def __init__(self, caller: Caller, session: StandInSession, measured: Measured) -> None:
        self._media, self._session, self._measured = caller.media, session, measured
        self._now = asyncio.get_running_loop().time
        self._random = random.Random(caller.media.port)
        self._evaluations: list[Callable[[], None]] = [self._spacing]

    def evaluate(self) -> None:
        """Turn what was noted into samples; once, when the call is over."""
        for evaluation in self._evaluations:
            evaluation()
        if self._session.errors:
            self._fail(f"unexpected events: {', '.join(sorted(set(self._session.errors)))}")

    async def inbound(self, duration_s: float) -> None:
        """RTP in -> WebSocket out: marks sent, and found in what was appended."""
        since = self._now()
        self._media.source = marked
        await asyncio.sleep(duration_s)
        self._media.source = quiet
        await asyncio.sleep(TAIL_S)
        self._evaluations.append(partial(self._find_marks, since, self._now()))

    async def outbound(self, duration_s: float) -> None:
        """WebSocket in -> RTP out: short answers at random times, and their first packet."""
        ends_at = self._now() + duration_s
        while self._now() < ends_at:
            said = await self._session.say(_pcmu(100))
            await asyncio.sleep(TAIL_S + self._random.uniform(0, 0.1))
            self._evaluations.append(partial(self._find_answer, said.sent_at, self._now()))

    async def barge_in(self, times: int) -> None:
        """``speech_started`` -> last voiced packet, and the truncate against what was heard.

        Every second time the answer is still being made, and one more delta comes too late.
        """
        for number in range(times):
            is_open = number % 2 == 0
            said = await self._session.say(_pcmu(3_000), leave_open=is_open)
            await asyncio.sleep(0.4 + self._random.uniform(0, 0.3))
            started_at = await self._session.start_speech()
            if is_open:
                await self._session.more(said, _pcmu(200))
                await self._session.end_response("cancelled")
            await asyncio.sleep(2 * TAIL_S)
            await self._session.stop_speech()
            self._evaluations.append(partial(self._find_cut, said, started_at, self._now()))

    async def caller_speech(self, times: int) -> None:
        """First loud packet of the caller -> last voiced packet, by a detector of known delay."""
        loud = _pcmu(20)
        for _ in range(times):
            self._session.onset = EnergyOnset()
            said = await self._session.say(_pcmu(3_000))
            await asyncio.sleep(0.4 + self._random.uniform(0, 0.1))
            first = len(self._media.sent_at) + 1
            self._media.source = _from_packet(first, loud)
            await asyncio.sleep(2 * TAIL_S)
            self._session.onset = None
            self._media.source = quiet
            await self._session.stop_speech()
            await asyncio.sleep(TAIL_S)
            self._evaluations.append(partial(self._find_silence, said, first, self._now()))

    async def purity(self, duration_s: float) -> None:
        """A tone each way at once, and how clean it arrives."""
        since = self._now()
        self._media.source = tone_source()
        await self._session.say(_pcmu(round(duration_s * 1000)))
        await asyncio.sleep(duration_s)
        self._media.source = quiet
        await asyncio.sleep(TAIL_S)
        self._evaluations.append(partial(self._find_tones, since, self._now()))

    async def both_talk(self, duration_s: float) -> None:
        """Keep both directions busy; for what it costs."""
        self._media.source = tone_source()
        await self._session.say(_pcmu(round(duration_s * 1000)))
        await asyncio.sleep(duration_s)
        self._media.source = quiet

    # When the call is over.

    def _find_marks(self, since: float, until: float) -> None:
        appends = self._appended(since, until)
        ends = np.cumsum([len(append.audio) for append in appends])
        found_at = [
            appends[int(np.searchsorted(ends, span.start, side="right"))].at
            for span in spans(_pcm(appends))
        ]
        sent_at = [at for number, at in enumerate(self._media.sent_at) if is_mark(number)]
        sent_at = [at for at in sent_at if since + PACKET_S <= at < until - TAIL_S]
        self._measured.inbound += latencies_ms(sent_at, found_at)
        if len(found_at) < len(sent_at):
            self._fail("a mark was lost on its way to the WebSocket")

    def _find_answer(self, since: float, until: float) -> None:
        voiced = self._voiced_at(since, until)
        if voiced:
            self._measured.outbound.append((voiced[0] - since) * 1000)
        else:
            self._fail("an answer was not heard")

    def _find_cut(self, said: Said, started_at: float, until: float) -> None:
        told = [each for each in self._session.truncates if each.item_id == said.item_id]
        if len(told) != 1:
            self._fail(f"{len(told)} truncates for one barge-in")
        heard = spans(joined(self._media.heard(said.sent_at, until)))
        if len(heard) != 1:
            self._fail(f"an interrupted answer was heard in {len(heard)} pieces")
        if voiced := self._voiced_at(said.sent_at, until):
            self._measured.barge_in.append(max(0.0, voiced[-1] - started_at) * 1000)
        if told:
            heard_ms = sum(span.length_ms for span in heard)
            self._measured.truncate_error.append(abs(told[-1].audio_end_ms - heard_ms))

    def _find_silence(self, said: Said, first: int, until: float) -> None:
        if voiced := self._voiced_at(said.sent_at, until):
            elapsed_s = voiced[-1] - self._media.sent_at[first]
            self._measured.speech_to_silence.append(elapsed_s * 1000)

    def _find_tones(self, since: float, until: float) -> None:
        outbound = joined(self._media.heard(since, until))
        self._measured.snr_out_db += _purities_db(outbound)
        self._measured.snr_in_db += _purities_db(_pcm(self._appended(since, until)))

    def _spacing(self) -> None:
        arrived = [packet.at for packet in self._media.received]
        self._measured.spacing_error += _spacing_errors_ms(arrived)
        self._measured.own_spacing_error += _spacing_errors_ms(self._media.sent_at)
        lost = sum(
            (later.sequence - earlier.sequence - 1) & 0xFFFF
            for earlier, later in pairwise(self._media.received)
        )
        if lost:
            self._fail("RTP packets were lost, or out of order")

    def _voiced_at(self, since: float, until: float) -> list[float]:
        return [packet.at for packet in self._media.heard(since, until) if packet.is_voiced]

    def _appended(self, since: float, until: float) -> list[Append]:
        return [append for append in self._session.appends if since <= append.at < until]

    def _fail(self, what: str) -> None:
        self._measured.failures.append(what)


def tone_source() -> Callable[[int], bytes]:
    """Return a source of one unbroken tone."""
    second = _pcmu(1_000)
    return lambda number: second[number % 50 * 160 : number % 50 * 160 + 160]


def _from_packet(first: int, payload: bytes) -> Callable[[int], bytes]:
    return lambda number: payload if number >= first else quiet(number)


def _pcmu(duration_ms: int) -> bytes:
    return pcm_to_pcmu(tone(TONE_HZ, duration_ms, 8_000))


def _pcm(appends: list[Append]) -> Pcm:
    return pcmu_to_pcm(b"".join(append.audio for append in appends))


def _purities_db(pcm: Pcm) -> list[float]:
    middles = [pcm[span.start + EDGE_SAMPLES : span.end - EDGE_SAMPLES] for span in spans(pcm)]
    return [tone_snr_db(each, 8_000, TONE_HZ) for each in middles if len(each) > EDGE_SAMPLES]


def _spacing_errors_ms(times: list[float]) -> list[float]:
    return [abs(later - earlier - PACKET_S) * 1000 for earlier, later in pairwise(times)]
