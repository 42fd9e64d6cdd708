"""A call of ours whose server failed goes to the next one (RFC 3263 section 4.3).

PJSIP itself goes on when it cannot connect. Where nobody answers the INVITE, or 503 comes, the call
is over to it: here another one takes the leg, which is told nothing. Whoever heard it ring stays.
Runs on the PJSIP thread.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sipagent.errors import NoSockets, SipError

from .call import SipCall
from .dial_turns import TOO_MANY_CALLS, DialTurns
from .events import Disconnected
from .locating import SERVER_FAILED
from .pjlib import pj
from .thread import PjThread

if TYPE_CHECKING:
    from .pj_call import PjCall

log = logging.getLogger(__name__)

_HOST = re.compile(r"sips?:(?:[^@]*@)?(\[[^\]]*\]|[^:;?>]*)", re.IGNORECASE)


def host_of(uri: str) -> str:
    """Return the host of a SIP URI, ``""`` if it is none."""
    match = _HOST.match(uri)
    return match[1] if match is not None else ""


class NextServer:
    """Where else a leg may be dialled.

    Args:
        host: That it is dialled at.
        failed: Notes that the host's server failed; returns whether there is another.
        dial: Sends the INVITE of a leg once more.
        turns: For calls of ours.
        thread: Of PJSIP.
    """

    def __init__(
        self,
        host: str,
        failed: Callable[[str, float], bool],
        dial: Callable[[SipCall], None],
        turns: DialTurns,
        thread: PjThread,
    ) -> None:
        self._host, self._failed, self._dial = host, failed, dial
        self._turns, self._thread = turns, thread

    def takes(self, call: PjCall, status: int, retry_after_s: int) -> bool:
        """Take the leg of a call that ended with ``status`` unheard; return whether it goes on."""
        if status not in SERVER_FAILED or not self._failed(self._host, retry_after_s):
            return False
        log.info("leg %s = %d: another server is tried", call.leg.invite.sip_call_id, status)
        leg, call.leg = call.leg, call.leg.deserted()
        self._wait(call, leg)
        return True

    def _wait(self, old: PjCall, leg: SipCall, *, was_late: bool = False) -> None:
        def go(has_turn: bool) -> None:
            self._thread.post(lambda: self._go_on(old, leg, has_turn))

        self._turns.later(go, was_late=was_late)

    def _go_on(self, old: PjCall, leg: SipCall, has_turn: bool) -> None:
        try:
            if not has_turn:
                leg.tell(Disconnected(503, TOO_MANY_CALLS, by_peer=False))
            elif old.was_given_up:
                leg.tell(Disconnected(487, "Request Terminated", by_peer=False))
            else:
                self._dial(leg)
        except pj.Error as error:
            leg.tell(Disconnected(503, str(error.reason), by_peer=True))
        except NoSockets:
            self._wait(old, leg, was_late=True)
        except SipError as error:
            leg.tell(Disconnected(503, str(error), by_peer=False))
