"""The place a call has in PJSUA, and leaving it.

PJSUA gives a call's place to the next one as soon as it has told of the end. The binding's object
lives on, with the number of the place; destroyed, or told of something, it would clear the place
and hang up whatever call has it by then (``Call::~Call`` and ``Call::lookup``, pjsua2/call.cpp).

Runs on the PJSIP thread.
"""

from __future__ import annotations

import ctypes
from typing import Any

from sipagent.errors import SipError

from .pjlib import native, pj

_ID_OFFSET_BYTES = 16
"""Of ``pj::Call``: its virtual table, the account, the number of its place."""


def leave_slot(call: Any) -> None:
    """Let PJSUA and a ``pj.Call`` not know each other any more; its place may be another's.

    To be called while the call is told that it is disconnected: PJSUA frees the place afterwards.

    Raises:
        SipError: If this build of the binding has another layout; nothing is changed then.
    """
    held = ctypes.c_int.from_address(int(call.this) + _ID_OFFSET_BYTES)
    if held.value != call.getId():
        raise SipError("this build of pjsua2 keeps the numbers of calls elsewhere")
    if held.value == pj.PJSUA_INVALID_ID:
        return
    forget = native().pjsua_call_set_user_data
    forget.restype, forget.argtypes = ctypes.c_int, [ctypes.c_int, ctypes.c_void_p]
    forget(held.value, None)
    held.value = pj.PJSUA_INVALID_ID
