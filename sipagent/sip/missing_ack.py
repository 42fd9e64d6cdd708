"""Answers of ours that nobody acknowledges (RFC 3261 section 13.3.1.4). Pure.

PJSIP ends a call whose first answer got no ACK. In a call it goes on, which does no harm as long as
the re-INVITE brought an offer: both sides know what was agreed on. Without one the offer was ours,
and the ACK was to bring the answer: PJSIP waits for it for ever, makes no offer any more, and so
refreshes no session. Such a call ends, too.
"""

from __future__ import annotations

import re

TIMEOUT = 408
"""What PJSIP says of an INVITE transaction whose 2xx was not acknowledged."""

_MEDIA = re.compile(r"^m=", re.MULTILINE)


class MissingAck:
    """Follow the INVITEs of a peer within a call."""

    def __init__(self) -> None:
        self._is_offer_ours = False

    def invited(self, text: str) -> None:
        """Take a re-INVITE."""
        self._is_offer_ours = _MEDIA.search(text) is None

    def ends_call(self, status: int) -> bool:
        """Take the end of its transaction; tell whether the call ends, too."""
        return status == TIMEOUT and self._is_offer_ours
