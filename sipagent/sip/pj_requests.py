"""The way of a request through our own modules of PJSIP, before PJSUA opens anything for it.

Two modules are registered, because what comes first is not what comes last:

- the door, before PJSIP's transactions: sees every request, those in dialogs and retransmissions
  included. What it turns away, PJSIP never answers, not even with 481;
- the desk, one step before PJSUA: sees what opens something new, each request once.

Both ask their deciders, and answer without state (RFC 3261 section 8.2.7).

Runs on the PJSIP thread.

| resource       | acquired    | released                                      |
|----------------|-------------|-----------------------------------------------|
| module         | constructor | with PJSIP; keep the object until then        |
| pool           | an answer   | once it is sent                               |
"""

from __future__ import annotations

import ctypes
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from time import monotonic
from typing import Any

from sipagent.errors import SipError

from .invite_flood import WITH_OFFERS
from .pj_dialog import dialog_of, is_known
from .pj_module import registered
from .pj_pool import pool
from .pj_read import received_reader
from .pj_structs import PjArrayHeader, PjCallback, PjList, pj_string
from .pjlib import declared, pj
from .requests import Answer, Decider, Drop, Request, decide, parse_request

log = logging.getLogger(__name__)

DOOR = 12
"""After the transports (PJSIP_MOD_PRIORITY_TRANSPORT_LAYER, 8), before transactions (16)."""
DESK = 63
"""Just before PJSUA (PJSIP_MOD_PRIORITY_APPLICATION, 64), after the dialog layer (32) has taken
what belongs to a dialog."""

_SHOWN = (pj.PJSIP_H_ALLOW, pj.PJSIP_H_ACCEPT, pj.PJSIP_H_SUPPORTED)
"""Capabilities an answer to OPTIONS shows, as PJSUA's own does."""

_INFO = re.compile(r"Request msg ([^\s/]+)/")
"""The method as PJSIP has read it: ``invite`` and a tab after it are an INVITE to PJSIP."""

METHOD_NOT_ALLOWED = 405


class RequestModule:
    """One module of PJSIP; must be kept until PJSIP is destroyed, which ends it.

    Args:
        priority: ``DOOR`` or ``DESK``.
        deciders: Asked in this order.
        on_refused: Called with each request that was refused, its status (0: not answered), and
            why.

    Raises:
        SipError: If this build of PJSIP has no place for it.
    """

    def __init__(
        self,
        priority: int,
        deciders: Sequence[Decider],
        on_refused: Callable[[Request, int, str], None],
    ) -> None:
        self._deciders, self._on_refused = tuple(deciders), on_refused
        self._pjsip, self._looks_for_dialogs = _pjsip(), priority == DOOR
        self._received = received_reader()
        self._callback = PjCallback(self._on_request)
        self._endpoint = self._pjsip.pjsua_get_pjsip_endpt()
        self._module = registered(
            f"mod-sipagent-{priority}", priority, on_rx_request=self._callback
        )

    def _on_request(self, rdata: int) -> int:
        try:
            request = self._read(rdata)
            decision = decide(self._deciders, request)
            match decision:
                case Answer(status=status, why=why):
                    is_done = self._respond(rdata, decision)
                case Drop(why=why):
                    status, is_done = 0, True
                case None:
                    return 0
            if why:
                self._on_refused(request, status, why)
            return int(is_done)
        except Exception:
            log.exception("! a request was left to PJSIP")
            return 0

    def _read(self, rdata: int) -> Request:
        received = self._received.read(rdata)
        request = parse_request(received.text, received.peer, at=monotonic())
        if method := _INFO.match(received.info):
            request = replace(request, method=method[1])
        if not self._looks_for_dialogs:
            return request
        if request.method == "ACK":
            is_merged = bool(self._pjsip.pjsip_tsx_detect_merged_requests(rdata))
            request = replace(request, is_merged=is_merged)
        call_id, from_tag, tag = request.first("call-id"), request.tag("from"), request.tag("to")
        if request.method in WITH_OFFERS and request.media:
            call_id, from_tag, tag = dialog_of(rdata)  # it opens sockets, however it is written
        if not tag:
            return request
        is_in_dialog = is_known(call_id, tag, from_tag)
        return replace(request, is_in_dialog=is_in_dialog, claims_dialog=True)

    def _respond(self, rdata: int, answer: Answer) -> bool:
        with pool(b"answer", 4096, 1024) as memory:
            headers = PjList()
            headers.prev = headers.next = start = ctypes.addressof(headers)
            for header in _SHOWN if answer.shows_capabilities else ():
                known = self._pjsip.pjsip_endpt_get_capability(self._endpoint, header, None)
                if known:
                    self._pjsip.pj_list_insert_before(
                        start, self._pjsip.pjsip_hdr_clone(memory, known)
                    )
            for name, value in answer.headers:
                self._pjsip.pj_list_insert_before(start, self._header(memory, name, value))
            answered = self._pjsip.pjsip_endpt_respond_stateless(
                self._endpoint, rdata, answer.status, None, start, None
            )
            return bool(answered == 0)

    def _header(self, memory: int, name: str, value: str) -> int:
        return int(
            self._pjsip.pjsip_generic_string_hdr_create(
                memory, ctypes.byref(pj_string(name)), ctypes.byref(pj_string(value))
            )
        )


def drop_methods(*unwanted: str) -> None:
    """Have Allow name methods no more that are refused; PJSIP's modules add what they know.

    Raises:
        SipError: If this build of PJSIP keeps them elsewhere.
    """
    pjsip = _pjsip()
    allow = pjsip.pjsip_endpt_get_capability(pjsip.pjsua_get_pjsip_endpt(), pj.PJSIP_H_ALLOW, None)
    header = PjArrayHeader.from_address(allow)
    if header.header.name.text() != "Allow":
        raise SipError("this build of PJSIP has another form of headers")
    methods = [
        (each.address, each.length)
        for each in header.values[: header.count]
        if ctypes.string_at(each.address, each.length).decode() not in unwanted
    ]
    for value, (address, length) in zip(header.values, methods, strict=False):
        value.address, value.length = address, length
    header.count = len(methods)


def answer_in_dialog(transaction: int, rdata: int, status: int = 200) -> None:
    """Answer a request of a leg's dialog.

    Args:
        transaction: ``pjsip_transaction *`` the request has just opened.
        rdata: ``pjsip_rx_data *`` of the request.
        status: Of the response, without a body.
    """
    pjsip = _pjsip()
    dialog = pjsip.pjsip_tsx_get_dlg(transaction)
    if not dialog:
        return
    if status != METHOD_NOT_ALLOWED:
        pjsip.pjsip_dlg_respond(dialog, rdata, status, None, None, None)
        return
    headers = PjList()
    headers.prev = headers.next = start = ctypes.addressof(headers)
    allow = pjsip.pjsip_endpt_get_capability(pjsip.pjsua_get_pjsip_endpt(), pj.PJSIP_H_ALLOW, None)
    with pool(b"answer", 1024, 1024) as memory:
        pjsip.pj_list_insert_before(start, pjsip.pjsip_hdr_clone(memory, allow))
        pjsip.pjsip_dlg_respond(dialog, rdata, status, None, start, None)


@cache
def _pjsip() -> Any:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    return declared(
        "guards it",
        {
            "pjsua_get_pjsip_endpt": (pointer, []),
            "pjsip_tsx_get_dlg": (pointer, [pointer]),
            "pjsip_tsx_detect_merged_requests": (pointer, [pointer]),
            "pjsip_dlg_respond": (number, [pointer, pointer, number, pointer, pointer, pointer]),
            "pj_list_insert_before": (None, [pointer, pointer]),
            "pjsip_endpt_get_capability": (pointer, [pointer, number, pointer]),
            "pjsip_hdr_clone": (pointer, [pointer, pointer]),
            "pjsip_generic_string_hdr_create": (pointer, [pointer, pointer, pointer]),
            "pjsip_endpt_respond_stateless": (
                number,
                [pointer, pointer, number, pointer, pointer, pointer],
            ),
        },
    )
