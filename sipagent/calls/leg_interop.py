"""What was unusual about the INVITE of a call, said once."""

from __future__ import annotations

import logging

from sipagent.sip.headers import Invite
from sipagent.sip.interop import FINDINGS

from . import facts

log = logging.getLogger(__name__)


def interop_found(call_id: str, invite: Invite) -> list[facts.Fact]:
    """Log each finding with its sentence; return what to tell of them, if there are any."""
    for name in invite.findings:
        log.info("call=%s ! %s: %s", call_id, name, FINDINGS[name])
    return [facts.InteropFound(invite.findings)] if invite.findings else []
