"""OPTIONS answered with what is free (RFC 3261 section 11.2).

PJSUA answers OPTIONS itself, without a hook in pjsua2. A PJSIP module registered here, one step
before PJSUA's, answers those outside dialogs with ``X-Calls-Free`` and ``X-Calls-Limit``, or with
503 while nothing is free to take, so that a dispatcher in front can look elsewhere.

Runs on the PJSIP thread. Structures follow ``pjsip/sip_module.h`` and ``pj/list.h`` of PJSIP 2.15.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable
from typing import Any, ClassVar

from .pjlib import native

log = logging.getLogger(__name__)

PRIORITY = 31
"""Just before PJSUA's modules (PJSIP_MOD_PRIORITY_APPLICATION, 32), after the dialog layer."""

_RequestCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


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
    """Answer OPTIONS outside dialogs.

    Args:
        capacity: Returns free and total calls.
    """

    def __init__(self, capacity: Callable[[], tuple[int, int]]) -> None:
        self._capacity = capacity
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

    def close(self) -> None:
        """Leave OPTIONS to PJSUA; safe twice."""
        if self._is_registered:
            self._is_registered = False
            self._pjsip.pjsip_endpt_unregister_module(self._endpoint, ctypes.byref(self._module))

    def _on_request(self, rdata: int) -> int:
        try:
            if not self._pjsip.pjsip_rx_data_get_info(rdata).startswith(b"Request msg OPTIONS/"):
                return 0
            return self._answer(rdata)
        except Exception:
            log.exception("! OPTIONS was left to PJSUA")
            return 0

    def _answer(self, rdata: int) -> int:
        free, limit = self._capacity()
        status = 200 if free else 503
        pool = self._pjsip.pjsua_pool_create(b"options", 1024, 512)
        try:
            headers = _List()
            start = ctypes.addressof(headers)
            headers.prev = headers.next = start
            for name, value in ((b"X-Calls-Free", free), (b"X-Calls-Limit", limit)):
                text = str(value).encode()
                header = self._pjsip.pjsip_generic_string_hdr_create(
                    pool, ctypes.byref(_string(name)), ctypes.byref(_string(text))
                )
                self._pjsip.pj_list_insert_before(start, header)
            answered = self._pjsip.pjsip_endpt_respond_stateless(
                self._endpoint, rdata, status, None, start, None
            )
            return int(answered == 0)
        finally:
            self._pjsip.pj_pool_release(pool)


def _declared(library: ctypes.CDLL) -> Any:
    """Give the C functions used here their types; a pointer taken for an int would be cut."""
    pointer, number = ctypes.c_void_p, ctypes.c_int
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "pjsua_get_pjsip_endpt": (pointer, []),
        "pjsip_endpt_register_module": (number, [pointer, pointer]),
        "pjsip_endpt_unregister_module": (number, [pointer, pointer]),
        "pjsip_rx_data_get_info": (ctypes.c_char_p, [pointer]),
        "pjsua_pool_create": (pointer, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t]),
        "pj_pool_release": (None, [pointer]),
        "pj_list_insert_before": (None, [pointer, pointer]),
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
