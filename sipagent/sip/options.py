"""OPTIONS answered with what is free (RFC 3261 section 11.2), in dialogs and outside.

PJSUA answers OPTIONS outside dialogs itself, without a hook in pjsua2, and leaves those inside to
PJSIP, which says 500; session border controllers send them as keep-alive, and hang up on that.

- outside: a PJSIP module, registered here one step before PJSUA, says 200 with ``X-Calls-Free``
  and ``X-Calls-Limit``, or 503 while draining, so that a dispatcher in front looks elsewhere. A
  full endpoint is no failed one: it says 200 and that nothing is free.
- inside: 200, by :func:`answer_in_dialog`, when PJSUA shows the leg the new transaction. A dialog
  that is gone is told so by PJSIP (481).

REFER outside a dialog (RFC 3515), which PJSUA leaves without any answer, is refused: 603.

The same module refuses INVITEs that come faster than PJSIP can take (:mod:`.invite_rate`): 503
with Retry-After, stateless, before PJSUA opens anything for them.

Runs on the PJSIP thread. Structures follow ``pjsip/sip_module.h`` and ``pj/list.h`` of PJSIP 2.15.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, ClassVar

from .invite_rate import InviteRate
from .pjlib import native, pj

log = logging.getLogger(__name__)

PRIORITY = 63
"""Just before PJSUA (PJSIP_MOD_PRIORITY_APPLICATION, 64), after the dialog layer (32) has taken
what belongs to a dialog."""

FLOOD_RETRY_AFTER_S = 1

_SHOWN = (pj.PJSIP_H_ALLOW, pj.PJSIP_H_ACCEPT, pj.PJSIP_H_SUPPORTED)
"""Capabilities an answer to OPTIONS shows, as PJSUA's own does."""

_RequestCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an endpoint could take now."""

    free: int
    limit: int
    retry_after_s: int | None = None
    """Set while draining."""


class _PjStr(ctypes.Structure):
    _fields_: ClassVar = [("ptr", ctypes.c_char_p), ("slen", ctypes.c_ssize_t)]


class _Module(ctypes.Structure):
    _fields_: ClassVar = [
        ("prev", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("name", _PjStr),
        ("id", ctypes.c_int),
        ("priority", ctypes.c_int),
        ("load", ctypes.c_void_p),
        ("start", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("unload", ctypes.c_void_p),
        ("on_rx_request", _RequestCallback),
        ("on_rx_response", ctypes.c_void_p),
        ("on_tx_request", ctypes.c_void_p),
        ("on_tx_response", ctypes.c_void_p),
        ("on_tsx_state", ctypes.c_void_p),
    ]


class _List(ctypes.Structure):
    _fields_: ClassVar = [("prev", ctypes.c_void_p), ("next", ctypes.c_void_p)]


def _string(text: bytes) -> _PjStr:
    return _PjStr(text, len(text))


class OptionsResponder:
    """Answer OPTIONS and refuse; must be kept until PJSIP is destroyed, which ends it.

    Args:
        capacity: Returns what is free.
        on_flood: Called for each INVITE refused because too many came.
    """

    def __init__(self, capacity: Callable[[], Capacity], on_flood: Callable[[], None]) -> None:
        self._capacity, self._on_flood = capacity, on_flood
        self._rate = InviteRate()
        self._pjsip = _declared(native())
        self._callback = _RequestCallback(self._on_request)
        self._name = b"mod-sipagent-options"
        self._module = _Module(
            name=_string(self._name), id=-1, priority=PRIORITY, on_rx_request=self._callback
        )
        self._endpoint = self._pjsip.pjsua_get_pjsip_endpt()
        status = self._pjsip.pjsip_endpt_register_module(self._endpoint, ctypes.byref(self._module))
        self._is_registered = status == 0
        if not self._is_registered:
            log.warning("! OPTIONS will not tell what is free (status %d)", status)

    def _on_request(self, rdata: int) -> int:
        try:
            request: bytes = self._pjsip.pjsip_rx_data_get_info(rdata)
            if request.startswith(b"Request msg OPTIONS/"):
                return self._answer_options(rdata)
            if request.startswith(b"Request msg REFER/"):
                return self._respond(rdata, 603, {})
            if request.startswith(b"Request msg INVITE/") and not self._rate.admits(
                now=monotonic()
            ):
                self._on_flood()
                return self._respond(rdata, 503, {"Retry-After": FLOOD_RETRY_AFTER_S})
            return 0
        except Exception:
            log.exception("! a request was left to PJSUA")
            return 0

    def _answer_options(self, rdata: int) -> int:
        capacity = self._capacity()
        shown = {"X-Calls-Free": capacity.free, "X-Calls-Limit": capacity.limit}
        if capacity.retry_after_s is not None:
            shown["Retry-After"] = capacity.retry_after_s
        return self._respond(rdata, 200 if capacity.retry_after_s is None else 503, shown)

    def _respond(self, rdata: int, status: int, shown: Mapping[str, int]) -> int:
        pool = self._pjsip.pjsua_pool_create(b"options", 4096, 1024)
        try:
            headers = _List()
            headers.prev = headers.next = start = ctypes.addressof(headers)
            for header in _SHOWN:
                known = self._pjsip.pjsip_endpt_get_capability(self._endpoint, header, None)
                if known:
                    self._pjsip.pj_list_insert_before(
                        start, self._pjsip.pjsip_hdr_clone(pool, known)
                    )
            for name, value in shown.items():
                self._pjsip.pj_list_insert_before(start, self._header(pool, name, str(value)))
            answered = self._pjsip.pjsip_endpt_respond_stateless(
                self._endpoint, rdata, status, None, start, None
            )
            return int(answered == 0)
        finally:
            self._pjsip.pj_pool_release(pool)

    def _header(self, pool: int, name: str, value: str) -> int:
        return int(
            self._pjsip.pjsip_generic_string_hdr_create(
                pool, ctypes.byref(_string(name.encode())), ctypes.byref(_string(value.encode()))
            )
        )


def answer_in_dialog(transaction: int, rdata: int, status: int = 200) -> None:
    """Answer a request of a leg's dialog.

    Args:
        transaction: ``pjsip_transaction *`` the request has just opened.
        rdata: ``pjsip_rx_data *`` of the request.
        status: Of the response, without a body.
    """
    pjsip = _declared(native())
    dialog = pjsip.pjsip_tsx_get_dlg(transaction)
    if dialog:
        pjsip.pjsip_dlg_respond(dialog, rdata, status, None, None, None)


def _declared(library: ctypes.CDLL) -> Any:
    """Give the C functions used here their types; a pointer taken for an int would be cut."""
    pointer, number = ctypes.c_void_p, ctypes.c_int
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "pjsua_get_pjsip_endpt": (pointer, []),
        "pjsip_endpt_register_module": (number, [pointer, pointer]),
        "pjsip_endpt_unregister_module": (number, [pointer, pointer]),
        "pjsip_tsx_get_dlg": (pointer, [pointer]),
        "pjsip_dlg_respond": (number, [pointer, pointer, number, pointer, pointer, pointer]),
        "pjsip_rx_data_get_info": (ctypes.c_char_p, [pointer]),
        "pjsua_pool_create": (pointer, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t]),
        "pj_pool_release": (None, [pointer]),
        "pj_list_insert_before": (None, [pointer, pointer]),
        "pjsip_endpt_get_capability": (pointer, [pointer, number, pointer]),
        "pjsip_hdr_clone": (pointer, [pointer, pointer]),
        "pjsip_generic_string_hdr_create": (pointer, [pointer, pointer, pointer]),
        "pjsip_endpt_respond_stateless": (
            number,
            [pointer, pointer, number, pointer, pointer, pointer],
        ),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
