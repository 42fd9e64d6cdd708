"""What the final response to an INVITE of ours means (RFC 3261 section 21). Pure."""

from __future__ import annotations

from .termination import Reason, Result, Termination

_REASONS = {
    401: Reason.DIAL_REFUSED,
    403: Reason.DIAL_REFUSED,
    407: Reason.DIAL_REFUSED,
    404: Reason.WRONG_NUMBER,
    410: Reason.WRONG_NUMBER,
    416: Reason.WRONG_NUMBER,
    484: Reason.WRONG_NUMBER,
    604: Reason.WRONG_NUMBER,
    408: Reason.NO_ANSWER,
    480: Reason.NO_ANSWER,
    487: Reason.NO_ANSWER,
    415: Reason.NOT_ACCEPTABLE,
    488: Reason.NOT_ACCEPTABLE,
    606: Reason.NOT_ACCEPTABLE,
    486: Reason.CALLEE_BUSY,
    600: Reason.CALLEE_BUSY,
    433: Reason.DECLINED,
    603: Reason.DECLINED,
    607: Reason.DECLINED,
    608: Reason.DECLINED,
}

_OF_THE_CALLEE = frozenset(
    {
        Reason.CALLEE_BUSY,
        Reason.NO_ANSWER,
        Reason.DECLINED,
        Reason.WRONG_NUMBER,
        Reason.REDIRECTED,
    }
)
"""Where everybody in between did as they should."""


def refusal(status: int, detail: str, *, was_heard: bool) -> Termination:
    """Return how a call ended that was not answered.

    Args:
        status: Final, 300 to 699; the SIP stack's own where nothing came.
        detail: What the peer said of it.
        was_heard: Whether anything came before; without it a timeout is a peer that is not there.
    """
    reason = _REASONS.get(status, Reason.DIAL_FAILED)
    if 300 <= status < 400:
        reason = Reason.REDIRECTED
    elif status == 408 and not was_heard:
        reason = Reason.UNREACHABLE
    result = Result.UNANSWERED if reason in _OF_THE_CALLEE else Result.FAILED
    return Termination(result, reason, detail, status)
