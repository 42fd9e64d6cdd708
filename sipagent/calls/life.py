"""How long a call lives: its time limit, silent callers, and lines that died.

What is due is decided by ``time_limit``, ``silence_watch`` and ``rtp_watch``; the last words by
``farewell``. All clocks start with the conversation. On hold nobody is silent and no RTP is missed;
while a tool works, or there is no session, nobody is silent either: they wait.

The packets are counted by PJSIP and asked for a look ahead, so that nothing waits for its thread.
"""

from __future__ import annotations

import logging

from sipagent.deadlines import earliest
from sipagent.realtime import events as session_events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.sip import events as sip_events

from . import events as call_events
from .farewell import Farewell, LastWords
from .inbox import Inbox
from .life_settings import LifeSettings
from .part import CallPart
from .rtp_watch import RtpWatch
from .silence_watch import Silence, SilenceWatch
from .termination import Reason
from .time_limit import TimeLimit, TimeUp

log = logging.getLogger(__name__)


class Life(CallPart):
    """End a call that lasts too long, or whose caller is gone.

    Args:
        settings: Of the plan.
    """

    def __init__(self, settings: LifeSettings) -> None:
        super().__init__()
        self._settings = settings
        self._time = TimeLimit(settings.max_duration_s, settings.warn_before_s)
        self._silence = SilenceWatch(settings.silence_s, settings.silence_prompts)
        self._rtp = RtpWatch(settings.rtp_timeout_s)
        self._farewell = Farewell(settings.goodbye_limit_s)
        self._why = Reason.TIME_LIMIT
        self._has_begun = False
        self._holds: set[str] = set()
        """Who put whom on hold."""
        self._is_speaking = False
        self._has_session = True
        self._tools: set[str] = set()

    def handle(self, message: Inbox) -> None:
        """Note who is busy."""
        now = self.hands.now()
        if not self._has_begun and self.hands.is_talking():
            self._begin(now)
        self._note_leg(message, now)
        self._note_session(message, now)
        self._look(now)

    def deadline(self) -> float | None:
        """Return when something is due, or None: a call that ends already needs no more ends."""
        if not self.hands.is_talking():
            return None
        watches = (self._time, self._silence, self._rtp, self._farewell)
        return earliest(each.deadline() for each in watches)

    def handle_timer(self, now: float) -> None:
        """Act on what is due."""
        if not self.hands.is_talking():
            return
        self._look(now)
        if self._rtp.is_due(now):
            self._count(now)
        self._end_when(self._farewell.due(now))
        match self._time.due(now):
            case TimeUp.WARN:
                log.info("call=%s = warned of its end", self.hands.call_id)
                self.hands.conversation.say(self._settings.warning)
            case TimeUp.END:
                self._part(Reason.TIME_LIMIT, now)
            case None:
                pass
        match self._silence.due(now):
            case Silence.ASK:
                log.info("call=%s = the caller is silent, and asked", self.hands.call_id)
                self.hands.conversation.say(self._settings.silence_prompt)
            case Silence.GIVE_UP:
                self._part(Reason.CALLER_SILENT, now)
            case None:
                pass

    def _begin(self, now: float) -> None:
        self._has_begun = True
        self._time.start(now)
        if not self._holds:
            self._expect_packets(now)

    def _note_leg(self, message: Inbox, now: float) -> None:
        match message:
            case sip_events.Held():
                self._hold("peer")
            case sip_events.WeHeld():
                self._hold("us")
            case sip_events.Resumed():
                self._resume("peer", now)
            case sip_events.WeResumed():
                self._resume("us", now)
            case sip_events.DtmfReceived():
                self._stirred(now)
            case call_events.AgentFellSilent():
                self._end_when(self._farewell.fell_silent())
            case _:
                pass

    def _hold(self, who: str) -> None:
        self._holds.add(who)
        self._rtp.stop()

    def _resume(self, who: str, now: float) -> None:
        self._holds.discard(who)
        if self._has_begun and not self._holds:
            self._expect_packets(now)

    def _note_session(self, message: Inbox, now: float) -> None:
        match message:
            case session_events.SpeechStarted():
                self._is_speaking = True
                self._stirred(now)
            case session_events.SpeechStopped():
                self._is_speaking = False
            case session_events.ToolStarted(tool_call_id=tool_call_id):
                self._tools.add(tool_call_id)
            case session_events.ToolEnded(tool_call_id=tool_call_id):
                self._tools.discard(tool_call_id)
            case session_events.ResponseStarted():
                self._farewell.response_started()
            case ConnectionLost() | Reconnected():
                self._has_session = isinstance(message, Reconnected)
                self._is_speaking = False  # nobody tells the end of what ended with a connection
                self._tools.clear()
            case _:
                pass

    @property
    def _is_on_hold(self) -> bool:
        """Tell whether the caller waits, or talks to somebody else instead of the agent."""
        return bool(self._holds) or self.hands.conversation.is_on_hold

    def _look(self, now: float) -> None:
        is_parting = self._farewell.is_under_way
        is_busy = self._is_on_hold or self._is_speaking or self._tools or is_parting
        is_busy = is_busy or self.hands.conversation.is_muted
        is_quiet = self._has_begun and self._has_session and not is_busy
        self._silence.look(is_quiet=is_quiet and self.hands.conversation.is_silent, now=now)

    def _stirred(self, now: float) -> None:
        self._silence.stirred(now)
        if self._farewell.is_under_way and self._why is Reason.CALLER_SILENT:
            self._farewell.call_off()

    def _part(self, reason: Reason, now: float) -> None:
        """End the call, with the last words that there are."""
        self._why = reason
        if self._farewell.is_under_way:  # silence turned into the end of the time
            return
        if not self._settings.goodbye or self._is_on_hold or not self._has_session:
            self._end_when(LastWords.END)
            return
        is_silent = self.hands.conversation.is_silent
        self._end_when(self._farewell.begin(is_silent=is_silent, now=now))

    def _end_when(self, step: LastWords | None) -> None:
        match step:
            case LastWords.SAY:
                self.hands.conversation.say(self._settings.goodbye)
            case LastWords.END:
                self.hands.post(call_events.HangUpRequested(self._why))
            case None:
                pass

    def _expect_packets(self, now: float) -> None:
        self._rtp.start(now)
        self.hands.leg.refresh_stats()

    def _count(self, now: float) -> None:
        stats = self.hands.leg.stats()
        if not stats.is_peer_sending:  # whoever only listens may be as silent as on hold
            self._expect_packets(now)
        elif self._rtp.look(stats.packets_in + stats.reports_in, now):
            self._rtp.stop()
            log.warning("call=%s ! no RTP any more, so it ends", self.hands.call_id)
            self.hands.post(call_events.HangUpRequested(Reason.RTP_LOST))
        else:
            self.hands.leg.refresh_stats()
