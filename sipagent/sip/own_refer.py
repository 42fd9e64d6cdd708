"""Our REFER: when one may be sent, and how it goes (RFC 3515 section 2.4.4).

One at a time, in a dialog that is confirmed. PJSUA tells its answer and its progress apart, and
makes 500 of an answer that never came, which the transaction itself knows as 408.

No I/O, no clock.
"""

from __future__ import annotations

from .events import ReferProgressed

PENDING, NO_DIALOG = 491, 481


class OwnRefer:
    """Of one leg: decide what is told; send nothing."""

    def __init__(self) -> None:
        self.is_under_way = False
        """Whether the peer still has to say how it went."""
        self._answer = 0

    def refusal(self, *, is_confirmed: bool) -> ReferProgressed | None:
        """Return the answer that stands in where none can come; None: it may be sent."""
        if is_confirmed and not self.is_under_way:
            return None
        return ReferProgressed(PENDING if self.is_under_way else NO_DIALOG, is_final=True)

    def sent(self) -> None:
        """Note that it is on its way."""
        self.is_under_way = True

    def answered(self, status: int) -> None:
        """Note how the request itself was answered."""
        self._answer = status

    def progressed(self, status: int, *, is_final: bool) -> ReferProgressed:
        """Return what to tell of ``status``, which a NOTIFY, or PJSUA in its place, brought."""
        if self._answer >= 300:
            status = self._answer
        told = ReferProgressed(status, is_final or status >= 200)
        self.is_under_way = not told.is_final
        return told
