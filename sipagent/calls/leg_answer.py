"""When a call over a leg counts as answered, and how long that took. Pure.

Of an incoming call that is our 200, which is when its media starts; of an outgoing one the callee's
200, and media may have started long before (RFC 3960). Either way the conversation begins once
the ACK is through and there is media.
"""

from __future__ import annotations

from . import facts


class LegAnswer:
    """Note what a leg tells of its answer.

    Args:
        offered_at: Monotonic seconds of the INVITE.
        is_outgoing: Whether it was ours.
        has_early_media: Whether it is incoming, and media starts before our 200.
        transport: Of its signalling.
    """

    def __init__(
        self,
        offered_at: float,
        *,
        is_outgoing: bool = False,
        has_early_media: bool = False,
        transport: str = "",
    ) -> None:
        self._offered_at = offered_at
        self.is_outgoing = is_outgoing
        self._has_early_media = is_outgoing or has_early_media
        self._transport = transport
        self._codec: str | None = None
        self._srtp = ""
        self._is_confirmed = False
        self.answered_at: float | None = None
        """Monotonic seconds; None: not yet."""

    @property
    def can_talk(self) -> bool:
        """Tell whether both sides can hear each other."""
        return self._is_confirmed and self._codec is not None

    def media_started(self, codec: str, now: float, srtp: str = "") -> facts.CallAnswered | None:
        """Note that there is media; return what to tell."""
        if self._codec is None:
            self._codec, self._srtp = codec, srtp
        return self._answered(now)

    def confirmed(self, now: float) -> facts.CallAnswered | None:
        """Note that the ACK is through; return what to tell."""
        self._is_confirmed = True
        return self._answered(now)

    def talked_s(self, now: float) -> float:
        """Return how long ago it was answered, 0.0 if it was not."""
        return 0.0 if self.answered_at is None else now - self.answered_at

    def _answered(self, now: float) -> facts.CallAnswered | None:
        if self.answered_at is not None or self._codec is None:
            return None
        if self._has_early_media and not self._is_confirmed:
            return None
        self.answered_at = now
        answer_ms = round((now - self._offered_at) * 1000)
        return facts.CallAnswered(answer_ms, self._codec, self._transport, self._srtp)
