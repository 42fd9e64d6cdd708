"""How a call ended: one ``Termination`` used by CDR, metric and log alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sipagent.errors import SessionError, SessionRejected, SessionTimeout


class Result(StrEnum):
    """What became of the call, in one word."""

    COMPLETED = "completed"
    """It was answered and ended as its parties wanted."""
    REFUSED = "refused"
    """We did not take it: no route, the plan's wish, draining, busy, no common codec."""
    ABANDONED = "abandoned"
    """The caller gave up before an answer; of an outgoing call, we did."""
    UNANSWERED = "unanswered"
    """We called, and the other side did not take it: busy, away, not willing, no such number."""
    FAILED = "failed"
    """It ended because something of ours, or the realtime endpoint, failed."""


class Reason(StrEnum):
    """Why it ended; a closed list, since it is a metric label."""

    CALLER_HUNG_UP = "caller_hung_up"
    AGENT_HUNG_UP = "agent_hung_up"
    OPERATOR_HUNG_UP = "operator_hung_up"
    CALLER_CANCELLED = "caller_cancelled"
    CALLEE_HUNG_UP = "callee_hung_up"
    CALLEE_BUSY = "callee_busy"
    NO_ANSWER = "no_answer"
    RING_TIMEOUT = "ring_timeout"
    DECLINED = "declined"
    WRONG_NUMBER = "wrong_number"
    MACHINE_ANSWERED = "machine_answered"
    MESSAGE_LEFT = "message_left"
    UNREACHABLE = "unreachable"
    DIAL_REFUSED = "dial_refused"
    DIAL_FAILED = "dial_failed"
    TRANSFERRED = "transferred"
    NO_ROUTE = "no_route"
    PLAN_REFUSED = "plan_refused"
    EMERGENCY_NUMBER = "emergency_number"
    REDIRECTED = "redirected"
    DRAINING = "draining"
    BUSY = "busy"
    NOT_ACCEPTABLE = "not_acceptable"
    MALFORMED_REQUEST = "malformed_request"
    SESSION_REFUSED = "session_refused"
    SESSION_TIMEOUT = "session_timeout"
    SESSION_LOST = "session_lost"
    SESSION_ERROR = "session_error"
    MEDIA_FAILED = "media_failed"
    PEER_LOST = "peer_lost"
    """Nobody refreshed the call in time (RFC 4028), or the peer knows nothing of it (481)."""
    TIME_LIMIT = "time_limit"
    CALLER_SILENT = "caller_silent"
    RTP_LOST = "rtp_lost"
    SHUTDOWN = "shutdown"
    CUT_OFF = "cut_off"
    """Its process died; whoever comes next says so, for nobody else can."""
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Termination:
    """The end of a call."""

    result: Result
    reason: Reason
    detail: str = ""
    """For the log and the CDR: names the thing; never a label."""
    sip_status: int = 200
    """Final status of the INVITE transaction (RFC 3261 section 21)."""


def session_failure(error: SessionError) -> Reason:
    """Name why a session could not be opened."""
    match error:
        case SessionRejected():
            return Reason.SESSION_REFUSED
        case SessionTimeout():
            return Reason.SESSION_TIMEOUT
        case _:
            return Reason.SESSION_LOST
