"""Requests that may be read as one thing here and as another there. Pure.

There is one Call-ID, one From, one To and one CSeq (RFC 3261 section 7.3.1). Of more than one PJSIP
takes the first in one place and the last in another, so that answers to such a request would not
find the way to its dialog. Nor is believed what has more headers than are looked at.

An ACK has the tag of the response it acknowledges (RFC 3261 section 17.1.1.3). One without, in a
transaction of its own, PJSIP takes for the INVITE once more, come by another way (section
8.2.2.2), and would answer it: an assertion that ends the process.
"""

from __future__ import annotations

from .requests import Answer, Drop, Request

SINGLE = ("call-id", "from", "to", "cseq")


def refuse_malformed(request: Request) -> Answer | None:
    """Refuse what is not to be read in one way only (RFC 3261 section 8.2.7: without state)."""
    names = [name for name, _ in request.headers]
    if request.is_whole and all(names.count(each) < 2 for each in SINGLE):
        return None
    return Answer(400, why="malformed")


def drop_stray_ack(request: Request) -> Drop | None:
    """Say nothing to an ACK of no response of ours."""
    return Drop() if request.is_merged else None
