"""The place a call has in PJSUA, leaving it, and what comes there for a call that has left.

PJSUA gives a call's place to the next one as soon as it has told of the end. Two things are late:

- the binding's object lives on, with the number of the place; destroyed, or told of something, it
  would clear the place and hang up whatever call has it by then (``Call::~Call`` and
  ``Call::lookup``, pjsua2/call.cpp);
- so does the dialog, 32 s after a BYE, which names the place too: PJSUA takes what comes in it for
  the call that has the place by then. A key pressed in one call would be heard in another, and how
  one call's REFER went be told of another's; a REFER it would answer in the wrong dialog, an
  assertion that ends the process (``pjsua_call_on_tsx_state_changed``, pjsua-lib/pjsua_call.c).

Runs on the PJSIP thread.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from sipagent.errors import SipError

from .pj_requests import answer_in_dialog
from .pjlib import declared, destroy, pj

GONE = 481
"""Of a request in a dialog that is over (RFC 3261 section 12.2.2)."""

_NOT_FOR_PJSUA = frozenset({"INVITE", "CANCEL", "BYE", "UPDATE", "PRACK"})
"""Of the session itself, which knows that it is over."""

_ID_OFFSET_BYTES = 16
"""Of ``pj::Call``: its virtual table, the account, the number of its place."""


def check_layout(account: Any) -> None:
    """Make sure that calls are laid out as is known here.

    Raises:
        SipError: If they are not.
    """
    call = pj.Call(account)
    is_known = _slot(call).value == call.getId() == pj.PJSUA_INVALID_ID
    destroy(call)
    if not is_known:
        raise SipError("this build of pjsua2 keeps the numbers of calls elsewhere")


def forget_call(call: Any) -> None:
    """Have PJSUA tell a ``pj.Call`` nothing more; it is being told that it is disconnected."""
    _pjsip().pjsua_call_set_user_data(call.getId(), None)


def leave_slot(call: Any) -> None:
    """Have a ``pj.Call`` whose place may be another's know no place, just before it is destroyed.

    Asked for anything more, PJSUA would assert that it has one.
    """
    _slot(call).value = pj.PJSUA_INVALID_ID


def _slot(call: Any) -> ctypes.c_int:
    return ctypes.c_int.from_address(int(call.this) + _ID_OFFSET_BYTES)


def is_of_another(call: Any, state: Any) -> bool:
    """Tell whether a change of a transaction (``TsxStateEvent``) is of a call that left the place.

    Args:
        call: The ``pj.Call`` that PJSUA takes it for.
        state: The change.
    """
    pjsip, held, dialog = _pjsip(), ctypes.c_void_p(), ctypes.c_void_p()
    transaction_of = pjsip.pjsip_tsx_get_dlg(int(state.tsx.pjTransaction))
    status = pjsip.acquire_call(
        b"is_of_another", call.getId(), ctypes.byref(held), ctypes.byref(dialog)
    )
    if status != 0 or not dialog.value:
        return False
    is_another = transaction_of is not None and transaction_of != dialog.value
    pjsip.pjsip_dlg_dec_lock(dialog)
    return is_another


def turn_away(state: Any) -> None:
    """Answer a request for a call that left the place, before PJSUA takes it for this one."""
    transaction = state.tsx
    if transaction.role != pj.PJSIP_ROLE_UAS or transaction.state != pj.PJSIP_TSX_STATE_TRYING:
        return
    if str(transaction.method) not in _NOT_FOR_PJSUA:
        answer_in_dialog(int(transaction.pjTransaction), int(state.src.rdata.pjRxData), GONE)


@cache
def _pjsip() -> Any:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    return declared(
        "tells calls apart",
        {
            "acquire_call": (number, [ctypes.c_char_p, number, pointer, pointer]),
            "pjsip_tsx_get_dlg": (pointer, [pointer]),
            "pjsua_call_set_user_data": (number, [number, pointer]),
            "pjsip_dlg_dec_lock": (None, [pointer]),
        },
    )
