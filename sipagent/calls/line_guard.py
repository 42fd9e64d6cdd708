"""Notices that the line of somebody whom the caller talks to through us is dead.

The caller's own line is the call's (``life``). A target that loses its network says no BYE either,
and the caller would talk to nobody, on two of our lines.
"""

from __future__ import annotations

import asyncio
import logging

from sipagent.sip.call import SipCall

from .rtp_watch import RtpWatch

log = logging.getLogger(__name__)

REASON = 'Q.850;cause=41;text="rtp_lost"'


async def end_when_dead(leg: SipCall, timeout_s: float, call_id: str) -> None:
    """Hang up ``leg`` when nothing has come over it for ``timeout_s``; 0: never. May be cancelled.

    Packets and reports count, as in ``rtp_watch``.
    """
    now = asyncio.get_running_loop().time
    watch = RtpWatch(timeout_s)
    watch.start(now())
    while (due := watch.deadline()) is not None:
        leg.refresh_stats()
        await asyncio.sleep(due - now())
        stats = leg.stats()
        if not stats.is_peer_sending:  # on hold, or it only listens
            watch.start(now())
        elif watch.look(stats.packets_in + stats.reports_in, now()):
            log.warning("call=%s ! no RTP of the target any more, so it ends", call_id)
            leg.hang_up(REASON)
            return
