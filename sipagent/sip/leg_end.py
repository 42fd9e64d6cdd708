"""What one call of PJSIP has come to, and how its end is told: with which status, and who ended it.

PJSIP ends calls on its own, too: it refuses an INVITE that it cannot answer, and gives up a call
that nobody refreshes (RFC 4028 section 10) or whose peer knows no such dialog. That is nobody's
hang-up, and none of the peer's. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

CANCELLED = 487
"""RFC 3261 section 21.4.25: what a caller's CANCEL makes of an INVITE."""


@dataclass(frozen=True, slots=True)
class LegEnd:
    """How the end of a leg is told."""

    status: int
    """Of the INVITE transaction; 200 when it had been answered."""
    is_by_peer: bool


class LegProgress:
    """Follow one call of PJSIP from INVITE to its end."""

    def __init__(self) -> None:
        self.is_confirmed = False
        """Whether there is a dialog: ACK was received or sent."""
        self.is_heard = False
        """Whether anything came back of an INVITE of ours but 100."""
        self.is_given_up = False
        """Whether we have ended it."""
        self.is_over = False

    @property
    def is_unheard(self) -> bool:
        """Tell whether the other end never said anything that counts, and nobody gave it up."""
        return not (self.is_confirmed or self.is_heard or self.is_given_up)

    @property
    def may_be_succeeded(self) -> bool:
        """Tell whether another call may go on with its leg."""
        return self.is_confirmed and not self.is_given_up

    def confirmed(self) -> bool:
        """Note that the dialog is there; return whether that is news."""
        is_news, self.is_confirmed = not self.is_confirmed, True
        return is_news

    def ended(self, status: int, *, is_incoming: bool) -> LegEnd:
        """Return how the end is told.

        Args:
            status: The last one of the call.
            is_incoming: Whether the INVITE came.
        """
        if self.is_confirmed:
            is_lost = status >= 300  # nobody refreshed it, or the peer knows no such dialog
            return LegEnd(200, not (self.is_given_up or is_lost))
        # A BYE may come before the ACK, and then there is no failure at all.
        is_refused = is_incoming and status >= 300 and status != CANCELLED
        return LegEnd(status, not (self.is_given_up or is_refused))
