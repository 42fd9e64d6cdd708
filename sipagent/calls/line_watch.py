"""How the line of a call is: looked at twice a second, told every five, judged at the end.

| resource | acquired         | released       | on failure                        |
|----------|------------------|----------------|-----------------------------------|
| tap      | first media      | with the media | oldest frames are dropped         |
| figures  | each look        | -              | the last ones stand               |
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from sipagent.audio.echo import EchoDetector
from sipagent.audio.loudness import Loudness
from sipagent.audio.recording import CALLER
from sipagent.realtime import events as session_events
from sipagent.sip.events import Confirmed, Held, MediaStarted, Resumed
from sipagent.sip.media_tap import MediaTap

from . import facts
from .caller_audio import FrameSource
from .inbox import Inbox
from .line_figures import line_measured, line_seen
from .part import CallPart
from .silence_doctor import Named, Over, Sight, SilenceDoctor

log = logging.getLogger(__name__)

LOOK_S = 0.5
LOOKS_PER_SECOND = 2
LOOKS_PER_TOLD = 10
"""Every how many looks it is told how the line has been so far."""
KEPT_S = 2.0

_AGENT_ACTS = (
    session_events.AudioDelta,
    session_events.ToolStarted,
    session_events.ResponseDone,
    session_events.SpeechStarted,
)
"""After these it is no longer the agent that is waited for, or it can be heard to be there."""


class LineWatch(CallPart):
    """Watch the line of a call; tell why it is silent, and in the end how it was.

    Args:
        is_greeted: Whether the agent speaks first.
    """

    def __init__(self, *, is_greeted: bool) -> None:
        super().__init__()
        self._is_greeted = is_greeted
        self._inbound, self._outbound, self._echo = Loudness(), Loudness(), EchoDetector()
        self._tap: MediaTap | None = None
        self._doctor: SilenceDoctor | None = None
        self._look_at: float | None = None
        self._looks = 0
        self._loudest_in: float | None = None
        """In the second that goes on, as the next."""
        self._loudest_out: float | None = None
        self._is_confirmed = self._is_held = self._was_up = False
        self._is_owed = False
        """Whether the agent's greeting was due before there was media."""
        self._counted = (0, 0, 0)
        """Frames, zeros and sounds when the figures were asked for."""

    def handle(self, message: Inbox) -> None:
        """Note what has to do with silence."""
        now = self.hands.now()
        self._is_confirmed |= isinstance(message, Confirmed)
        if isinstance(message, Held | Resumed):
            self._is_held = isinstance(message, Held)
        if isinstance(message, MediaStarted) and self._tap is None:
            self._begin(now)
        elif self._doctor is None:
            return
        elif isinstance(message, Confirmed | Held | Resumed):
            self._look_who_is_up(self._doctor, now)
        elif isinstance(message, session_events.SpeechStopped):
            self._doctor.agent_owes(now)
        elif isinstance(message, _AGENT_ACTS):
            self._tell(self._doctor.agent_acts(now))

    def hear(self, source: FrameSource) -> FrameSource:
        """Note that the conversation begins, in which the agent may be the first to speak."""
        self._is_owed = self._is_greeted
        if self._is_owed and self._doctor is not None:
            self._doctor.agent_owes(self.hands.now())
        return source

    def deadline(self) -> float | None:
        """Return when the line is looked at next."""
        return self._look_at

    def handle_timer(self, now: float) -> None:
        """Look at the line."""
        if self._doctor is None or self._look_at is None or now < self._look_at:
            return
        self._take_frames()
        if self._is_agent_excused:
            self._tell(self._doctor.agent_acts(now))
        self._look_who_is_up(self._doctor, now)
        self._tell(self._doctor.look(self._sight(), now=now))
        self._count()
        self._look_at = now + LOOK_S
        self._looks += 1
        if self._looks % LOOKS_PER_SECOND == 0:
            self._tell_second()
        if self._looks % LOOKS_PER_TOLD == 0:
            self.hands.tell(line_seen(self._measured()))

    async def close(self) -> Mapping[str, str]:
        """Tell how the line was."""
        self._take_frames()
        self.hands.tell(self._measured())
        return {}

    @property
    def _is_up(self) -> bool:
        """Tell whether the other side ought to be heard."""
        is_sending = self.hands.leg.stats().is_peer_sending
        return self._is_confirmed and not self._is_held and is_sending

    @property
    def _is_agent_excused(self) -> bool:
        """Tell whether nobody waits for the agent: it is kept from answering."""
        conversation = self.hands.conversation
        return self._is_held or conversation.is_on_hold or conversation.is_muted

    def _begin(self, now: float) -> None:
        media = self.hands.leg.media
        assert media is not None
        self._tap = media.tap(KEPT_S)
        self._doctor = SilenceDoctor(now=now)
        self._was_up = self._is_up
        if not self._was_up:  # many a telephone sends nothing before the answer
            self._doctor.held(is_held=True, sight=self._sight(), now=now)
        if self._is_owed:
            self._doctor.agent_owes(now)
        self._count()
        self._look_at = now + LOOK_S

    def _look_who_is_up(self, doctor: SilenceDoctor, now: float) -> None:
        was_up, self._was_up = self._was_up, self._is_up
        if self._was_up != was_up:
            doctor.held(is_held=was_up, sight=self._sight(), now=now)

    def _measured(self) -> facts.LineMeasured:
        return line_measured(self.hands.leg, self._inbound, self._outbound)

    def _count(self) -> None:
        """Ask for new figures, which count as of now."""
        heard = self._inbound
        self._counted = (heard.frames, heard.zero_frames, heard.sound_frames)
        self.hands.leg.refresh_stats()

    def _sight(self) -> Sight:
        stats = self.hands.leg.stats()
        return Sight(
            stats.packets_in,
            stats.empty_frames,
            *self._counted,
            stats.rtp_source,
            stats.rtp_target,
            self._echo.is_echo,
        )

    def _tell_second(self) -> None:
        leg, levels = self.hands.leg, (self._loudest_in, self._loudest_out)
        self._loudest_in = self._loudest_out = None
        stats, queued_ms = leg.stats(), 0 if leg.media is None else leg.media.queued_ms
        self.hands.tell(
            facts.SecondSeen(
                *(stats.packets_in, stats.packets_out, stats.lost_in), *levels, queued_ms
            )
        )

    def _take_frames(self) -> None:
        frames = self._tap.take() if self._tap is not None else []
        came = [frame for channel, frame in frames if channel == CALLER]
        sent = [frame for channel, frame in frames if channel != CALLER]
        heard, said = self._inbound.hear(came), self._outbound.hear(sent)
        self._loudest_in = max([*heard, *filter(None, [self._loudest_in])], default=None)
        self._loudest_out = max([*said, *filter(None, [self._loudest_out])], default=None)
        self._echo.came(heard)
        self._echo.sent(said)

    def _tell(self, news: Iterable[Named | Over]) -> None:
        call_id = self.hands.call_id
        for each in news:
            match each:
                case Named(cause, text):
                    log.warning("call=%s ! silent: %s: %s", call_id, cause, text)
                    self.hands.tell(facts.SilenceNamed(cause, text))
                case Over(cause, silent_ms):
                    log.info("call=%s = heard again after %s: %d ms", call_id, cause, silent_ms)
                    self.hands.tell(facts.SilenceOver(cause, silent_ms))
