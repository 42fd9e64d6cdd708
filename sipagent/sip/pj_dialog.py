"""Which dialog a request is of, as PJSIP reads it: its text may be written to be read otherwise.

The headers are those of a response that PJSIP makes to it. Runs on the PJSIP thread.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from sipagent.errors import SipError

from .pj_structs import CallIdHeader, FromToHeader, PjMessage, TxData, pj_string
from .pjlib import declared, pj

TRYING = 100
"""Of a response that has the tags of its request, and no more."""


def dialog_of(rdata: int) -> tuple[str, str, str]:
    """Return Call-ID, tag of From and tag of To of a request that is no ACK.

    Raises:
        SipError: If PJSIP makes nothing of it.
    """
    pjsip = _pjsip()
    made = ctypes.c_void_p()
    endpoint = pjsip.pjsua_get_pjsip_endpt()
    if pjsip.pjsip_endpt_create_response(endpoint, rdata, TRYING, None, ctypes.byref(made)):
        raise SipError("PJSIP does not read a request")
    try:
        return dialog_words(TxData.from_address(made.value or 0).message.contents)
    finally:
        pjsip.pjsip_tx_data_dec_ref(made)


def dialog_words(message: PjMessage) -> tuple[str, str, str]:
    """Return Call-ID, tag of From and tag of To of a message of PJSIP's.

    Raises:
        SipError: If it lacks one of these headers.
    """
    call_id = header(message, pj.PJSIP_H_CALL_ID, CallIdHeader).id.text()
    from_tag, to_tag = (
        header(message, kind, FromToHeader).tag.text() for kind in (pj.PJSIP_H_FROM, pj.PJSIP_H_TO)
    )
    return call_id, from_tag, to_tag


def is_known(call_id: str, our_tag: str, their_tag: str) -> bool:
    """Tell whether PJSIP has a dialog; ``""`` is the tag of a callee who gave none."""
    strings = [ctypes.byref(pj_string(word)) for word in (call_id, our_tag, their_tag)]
    return bool(_pjsip().pjsip_ua_find_dialog(*strings, 0))


def header(message: PjMessage, kind: int, structure: Any) -> Any:
    """Return a header of a message of PJSIP's.

    Raises:
        SipError: If it has none.
    """
    found = _pjsip().pjsip_msg_find_hdr(ctypes.byref(message), kind, None)
    if not found:
        raise SipError("a message of PJSIP lacks a header")
    return structure.from_address(found)


@cache
def _pjsip() -> Any:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    return declared(
        "tells dialogs apart",
        {
            "pjsua_get_pjsip_endpt": (pointer, []),
            "pjsip_endpt_create_response": (number, [pointer, pointer, number, pointer, pointer]),
            "pjsip_tx_data_dec_ref": (number, [pointer]),
            "pjsip_msg_find_hdr": (pointer, [pointer, number, pointer]),
            "pjsip_ua_find_dialog": (pointer, [pointer, pointer, pointer, number]),
        },
    )
