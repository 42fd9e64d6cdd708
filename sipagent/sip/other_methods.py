"""Requests that are nothing of ours, answered before PJSUA takes them. Pure.

PJSUA would accept every subscription to presence, and notify whatever address its Contact names; it
would say 200 to a MESSAGE that nobody reads, and nothing at all to what it does not know. In a
dialog it would say 500 to most of it.

- SUBSCRIBE: no event package of ours, 489 (RFC 6665 section 8.3.2);
- what belongs into a dialog, without one: 481 (RFC 3261 section 12.2.2). Only an unasked
  message-summary is left to PJSUA, which takes it (RFC 3842);
- NOTIFY in a call of no REFER of ours: 481 (RFC 6665 section 4.1.3), 489 of other events;
- everything else: 405 with Allow (RFC 3261 section 8.2.1).
"""

from __future__ import annotations

from .requests import Answer, Request, parse_request

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"

_TAKEN = frozenset({"INVITE", "ACK", "CANCEL", "OPTIONS", "REFER"})
_OF_CALLS = frozenset({"INVITE", "CANCEL", "BYE", "UPDATE", "PRACK", "REFER"})
_OF_DIALOGS = frozenset({"BYE", "INFO", "UPDATE", "PRACK", "NOTIFY"})


def refuse_others(request: Request) -> Answer | None:
    """Decide on requests outside any dialog."""
    if request.method in _TAKEN:
        return None
    if request.method == "SUBSCRIBE":
        return Answer(489)
    if request.method not in _OF_DIALOGS:
        return Answer(405, (("Allow", ALLOW),))
    is_taken = request.method == "NOTIFY" and _event(request) == "message-summary"
    return None if is_taken else Answer(481)


def status_in_dialog(method: str, text: str, *, refers: bool) -> int:
    """Return how a request in a call's dialog is refused, 0 if PJSIP knows what to say.

    Args:
        method: Of the request.
        text: The whole of it.
        refers: Whether a REFER of ours is under way: only that subscribes to anything.
    """
    if method in _OF_CALLS:
        return 0
    if method == "NOTIFY":
        is_known = _event(parse_request(text, "", at=0.0)) == "refer"
        return 0 if is_known and refers else 481 if is_known else 489
    return 489 if method == "SUBSCRIBE" else 405


def _event(request: Request) -> str:
    return request.first("event").partition(";")[0].strip().lower()
