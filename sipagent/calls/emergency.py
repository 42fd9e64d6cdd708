"""What becomes of a call to an emergency number that no plan takes.

It is refused so that whoever sent it tries another way. 503 without Retry-After says that: "attempt
to forward the request to an alternate server", and no word of sparing this one (RFC 3261 section
21.5.4); on ISDN it is cause 41, upon which exchanges go on hunting (RFC 3398 section 8.2.6.1). 404
is cause 1, an unallocated number, upon which many stop. 380 is for telephones that know the body
that 3GPP TS 24.229 puts into it; an exchange takes it for a redirection to nowhere.
"""

from __future__ import annotations

import logging

from sipagent.sip.headers import Invite

from .termination import Reason

log = logging.getLogger(__name__)

EMERGENCY_STATUS = 503
EMERGENCY_WARNING = ("Warning", '399 sipagent "Emergency calls are not taken here"')
"""RFC 3261 section 20.43."""


def emergency_refusal(call_id: str, invite: Invite) -> tuple[Reason, int]:
    """Say loudly that an emergency call came here; return why and how it is refused."""
    log.critical(
        "call=%s ! EMERGENCY CALL to %s from %s refused with %d: no plan has match.emergency;"
        " whatever sent it here must route it to the emergency service",
        call_id,
        invite.called_uri or invite.called_user,
        invite.source_address or "the provider",
        EMERGENCY_STATUS,
    )
    return Reason.EMERGENCY_NUMBER, EMERGENCY_STATUS
