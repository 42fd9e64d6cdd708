"""Why is a call silent? Named within three seconds of silence, once, and taken back with the first
sound.

    nothing arrives                                     no_rtp
    packets arrive from another address, none is taken  rtp_from_elsewhere
    packets arrive from the peer, none is taken         rtp_rejected          (not decrypted)
    packets arrive, and none can be decoded             wrong_codec
    the caller's telephone sends zeros and nothing else digital_silence   (until it was ever heard)
    what comes is what went out                         own_echo
    the caller has finished, or waits to be greeted     agent_silent
    the line is only quiet                              nothing: somebody listens

Held calls are silent as they should be, and so are telephones that were heard and now send only
comfort noise (RFC 3389). What comes is judged by the last two seconds: a line may die long after
the last sound.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal, TypeAlias

SILENT_AFTER_S = 2.0
"""Then a cause is looked for, twice a second, by figures half a second old: within three."""

MOSTLY = 0.9
BEARABLE = 0.35
"""Share of frames a bad line may leave empty: what is made up for them is no digital silence."""
FEW = 0.1
"""Packets per frame that are no stream: those of another call whose port this was, say."""
SPARSE = 0.25
"""Packets per frame that are comfort noise, or just began: those of 60 ms of audio are more."""

Cause: TypeAlias = Literal[
    "no_rtp",
    "rtp_from_elsewhere",
    "rtp_rejected",
    "wrong_codec",
    "digital_silence",
    "own_echo",
    "agent_silent",
]


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of a leg at one moment; counts since its media began."""

    packets_in: int
    empty_frames: int
    """For which no packet had anything."""
    frames: int
    zero_frames: int
    sound_frames: int
    rtp_source: str
    """Where packets come from, ``address:port``; ``""``: nowhere."""
    rtp_target: str
    """Where the peer said it is."""
    is_echo: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """The cause of a silence."""

    cause: Cause
    text: str


@dataclass(frozen=True, slots=True)
class Over:
    """A silence that was named has ended."""

    cause: Cause
    silent_ms: int


class SilenceDoctor:
    """Name causes; change nothing.

    Args:
        now: The media began.
    """

    def __init__(self, *, now: float) -> None:
        self._since = now
        self._start = Sight(0, 0, 0, 0, 0, "", "")
        self._recent = deque([(now, self._start)])
        """Of the last seconds, the first of them as old as is judged by, or where it began."""
        self._was_heard = False
        self._is_held = False
        self._named: Cause | None = None
        self._owed_at: float | None = None
        self._is_owed_named = False

    def held(self, *, is_held: bool, sight: Sight, now: float) -> None:
        """Note that the call is held, or goes on."""
        self._is_held = is_held
        self._restart(sight, now)

    def agent_owes(self, now: float) -> None:
        """Note that it is the agent's turn."""
        if self._owed_at is None:
            self._owed_at = now

    def agent_acts(self, now: float) -> list[Over]:
        """Note that the agent speaks, or does something, or that it is the caller's turn."""
        owed_at, self._owed_at = self._owed_at, None
        was_named, self._is_owed_named = self._is_owed_named, False
        if not was_named or owed_at is None:
            return []
        return [Over("agent_silent", round((now - owed_at) * 1000))]

    def look(self, sight: Sight, *, now: float) -> list[Named | Over]:
        """Return what is new."""
        self._recent.append((now, sight))
        while len(self._recent) > 1 and now - self._recent[1][0] >= SILENT_AFTER_S:
            self._recent.popleft()
        told: list[Named | Over] = [] if self._is_held else [*self._inbound(sight, now)]
        is_late = self._owed_at is not None and now - self._owed_at >= SILENT_AFTER_S
        if is_late and not self._is_owed_named and not self._is_held:
            self._is_owed_named = True
            told.append(Named("agent_silent", "it is the agent's turn, and it makes no sound"))
        return told

    def _inbound(self, sight: Sight, now: float) -> list[Named | Over]:
        # An echo is sound, so that it is not silent for long; to know it took seconds already.
        is_due = sight.is_echo or now - self._since >= SILENT_AFTER_S
        cause = self._cause(sight) if is_due else None
        if cause is not None and cause.cause != self._named:
            self._named = cause.cause
            return [cause]
        if sight.sound_frames > self._start.sound_frames and not sight.is_echo:
            self._was_heard = True
            named, silent_ms = self._named, round((now - self._since) * 1000)
            self._restart(sight, now)
            return [Over(named, silent_ms)] if named is not None else []
        return []

    def _cause(self, sight: Sight) -> Named | None:
        _, before = self._recent[0]
        frames = max(sight.frames - before.frames, 1)
        packets = sight.packets_in - before.packets_in
        empty = (sight.empty_frames - before.empty_frames) / frames
        zeros = (sight.zero_frames - before.zero_frames) / frames
        if sight.is_echo:
            return Named("own_echo", "the peer sends back what we send")
        if sight.sound_frames > self._start.sound_frames:
            return None
        is_new = bool(sight.rtp_source) and not self._start.packets_in
        if packets == 0 and is_new and _host(sight.rtp_source) != _host(sight.rtp_target):
            text = f"RTP comes from {sight.rtp_source}, not from {sight.rtp_target}, and is dropped"
            return Named("rtp_from_elsewhere", text)
        if packets == 0 and is_new:
            text = f"RTP comes from {sight.rtp_source}, and none of it can be taken, as if by SRTP"
            return Named("rtp_rejected", text)
        if self._was_heard and 0 < packets < SPARSE * frames:
            return None
        if packets < FEW * frames:
            return Named("no_rtp", f"no RTP arrives; it was to come from {sight.rtp_target}")
        if empty > MOSTLY and packets < SPARSE * frames:
            return None  # they just began, and a busy machine has played none of them yet
        if empty > MOSTLY:
            return Named("wrong_codec", "RTP arrives, and its payload type is not the agreed one")
        came = 1 - empty if empty < BEARABLE else 1
        if zeros > MOSTLY * came and not self._was_heard:
            return Named("digital_silence", "RTP arrives, and all of it is digital silence")
        return None

    def _restart(self, sight: Sight, now: float) -> None:
        self._since, self._start, self._named = now, sight, None
        self._recent.clear()
        self._recent.append((now, sight))


def _host(address: str) -> str:
    return address.rpartition(":")[0]
