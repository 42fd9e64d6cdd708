"""Answers to INVITEs that were given up: PJSUA may not see their descriptions.

PJSUA gives up a call whose callee answers with something it cannot take in a provisional response,
and lets go of the call's media. If a final answer that it can take comes after all, because the two
crossed or because the callee wants it so, PJSUA asserts that the media is there: that ends the
process. The final answer opens nothing any more, so it may as well be without a description; it is
acknowledged, and BYE sent (RFC 3261 section 9.1). PJSUA itself does that only sometimes, so whoever
has the calls is told.

What is given up is known by the branch of its CANCEL, which is that of the INVITE. Which INVITE a
response is for is asked of PJSIP: what the callee writes may be read in more than one way.

Runs on the PJSIP thread.

| resource | acquired    | released                                      |
|----------|-------------|-----------------------------------------------|
| module   | constructor | with PJSIP; keep the object until then        |
| pool     | a response  | at once                                       |
"""

from __future__ import annotations

import ctypes
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Any

from .message_tap import LAST_OF_ALL
from .pj_module import registered
from .pj_pool import pool
from .pj_read import received_reader, sent_reader
from .pj_requests import DOOR
from .pj_structs import PjCallback, PjStr, SdpInfo
from .pjlib import declared, pj

log = logging.getLogger(__name__)

MOST_GIVEN_UP = 256
"""Far more than are given up while one of them may yet be answered (RFC 3261: 32 s)."""

_BRANCH = re.compile(r"(?im)^via:[^\r\n]*;branch=([^;,\s]+)")
_CALL_ID = re.compile(r"(?im)^call-id:[ \t]*(\S+)")
_FINAL = re.compile(r"Response msg [2-6]")


class LateAnswers:
    """Hides descriptions; must be kept until PJSIP is destroyed.

    Args:
        on_late: Called with the Call-ID of an INVITE that is finally answered after all, before
            PJSUA knows.

    Raises:
        SipError: If this build of PJSIP has no place for it.
    """

    def __init__(self, on_late: Callable[[str], None]) -> None:
        self._on_late = on_late
        self._pjsip = _pjsip()
        self._given_up: OrderedDict[str, str] = OrderedDict()
        """Call-ID by branch."""
        self._sent, self._received = sent_reader(), received_reader()
        self._came, self._goes = PjCallback(self._on_response), PjCallback(self._on_request)
        self._modules = (
            registered("mod-sipagent-late-answers", DOOR, on_rx_response=self._came),
            registered("mod-sipagent-given-up", LAST_OF_ALL, on_tx_request=self._goes),
        )

    def _on_request(self, tdata: int) -> int:
        """Note a CANCEL of ours."""
        try:
            message = self._sent.read(tdata)
            if message.info.startswith("Request msg CANCEL/"):
                branch, call_id = _BRANCH.search(message.text), _CALL_ID.search(message.text)
                assert branch is not None and call_id is not None
                self._given_up[branch[1]] = call_id[1]
                if len(self._given_up) > MOST_GIVEN_UP:
                    self._given_up.popitem(last=False)
        except Exception:
            log.exception("! a CANCEL was not noted")
        return 0

    def _on_response(self, rdata: int) -> int:
        """Hide what a response to such an INVITE describes."""
        try:
            call_id = self._given_up.get(self._branch_of(rdata)) if self._given_up else None
            info = self._pjsip.pjsip_rdata_get_sdp_info(rdata) if call_id is not None else None
            if info and info.contents.body.slen:
                info.contents.body, info.contents.sdp = PjStr(None, 0), None
                if _FINAL.match(self._received.read(rdata).info):
                    self._on_late(call_id or "")
        except Exception:
            log.exception("! an answer was dropped")
            return 1
        return 0

    def _branch_of(self, rdata: int) -> str:
        """Return the branch of the INVITE of ours that PJSIP takes a response for."""
        with pool(b"key", 512, 512) as memory:
            key = PjStr()
            invite = self._pjsip.pjsip_get_invite_method()
            status = self._pjsip.pjsip_tsx_create_key(
                memory, ctypes.byref(key), pj.PJSIP_ROLE_UAC, invite, rdata
            )
            return "" if status else key.text().rpartition("$")[2]


@cache
def _pjsip() -> Any:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    return declared(
        "guards our calls",
        {
            "pjsip_rdata_get_sdp_info": (ctypes.POINTER(SdpInfo), [pointer]),
            "pjsip_get_invite_method": (pointer, []),
            "pjsip_tsx_create_key": (number, [pointer, pointer, number, pointer, pointer]),
        },
    )
