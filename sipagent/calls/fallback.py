"""What becomes of a caller whom no agent can serve. Pure.

    the session is not there in time, or refused    ``not_ready``
    it is lost for good during the call             ``lost``
    it reports an error that ends it                ``error``

Before the answer a call may be refused; afterwards it can be ended, with the apology or without, or
the caller sent to somebody else once the apology was heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .termination import Reason

BeforeAnswer: TypeAlias = Literal["apology", "transfer", "refuse"]
DuringCall: TypeAlias = Literal["apology", "transfer", "hang_up"]


@dataclass(frozen=True, slots=True)
class Fallback:
    """What the plan says."""

    not_ready: BeforeAnswer = "apology"
    lost: DuringCall = "apology"
    error: DuringCall = "apology"
    status: int = 503
    """Of a call that is refused (RFC 3261 section 21)."""
    target: str = ""
    """Name of whom callers are transferred to."""
    target_uri: str = ""

    def during_call(self, reason: Reason) -> DuringCall:
        """Return what becomes of a call that is answered already.

        Args:
            reason: Of its end.
        """
        match reason:
            case Reason.SESSION_LOST:
                return self.lost
            case Reason.SESSION_ERROR:
                return self.error
            case _:  # answered before the session was ready, as those that we placed are
                return "apology" if self.not_ready == "refuse" else self.not_ready
