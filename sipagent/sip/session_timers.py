"""Session timers (``[sip.session_timers]``, RFC 4028): how long a silent peer counts as there."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .security import Table

Prack = Literal["off", "supported", "required"]
"""Whether provisional responses are acknowledged (RFC 3262)."""

LEAST_S = 90
"""RFC 4028 section 4: an interval is never shorter; PJSIP holds to that."""

Interval = Annotated[int, Field(ge=LEAST_S, le=86_400)]


class SessionTimers(Table):
    """``[sip.session_timers]``: a call that nobody refreshes in time is ended."""

    mode: Literal["off", "optional", "required", "always"] = "optional"
    """``optional``: if the peer wants it; ``required``: calls of peers that cannot are refused with
    421; ``always``: we refresh, whether the peer can or not."""
    expires_s: Interval = 1_800
    """After this long without a refresh; half of it between two."""
    min_se_s: Interval = LEAST_S
    """Shorter intervals are refused with 422."""

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.expires_s < self.min_se_s:
            raise ValueError("expires_s must not be less than min_se_s")
        return self
