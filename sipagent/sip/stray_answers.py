"""Responses of no transaction, which PJSIP takes for those of forks: some it may not see.

A second 200 to an INVITE, its transaction over, is the callee's once more, or that of another one
whom a proxy has asked too (RFC 3261 section 13.2.2.4). PJSUA ends the call of the other one, known
by the tag in To, and asserts that there is a tag: without, that ends the process. Every response
but 100 has one (section 8.2.6.2); callees older than that have none in the first 200 either
(section 12.1.2), and theirs are let pass.

Runs on the PJSIP thread.

| resource | acquired    | released                                      |
|----------|-------------|-----------------------------------------------|
| module   | constructor | with PJSIP; keep the object until then        |
| pool     | a response  | at once                                       |
"""

from __future__ import annotations

import ctypes
import logging
from functools import cache
from time import monotonic
from typing import Any

from .malformed import SINGLE
from .pj_dialog import is_known
from .pj_module import registered
from .pj_pool import pool
from .pj_read import received_reader
from .pj_structs import FromToHeader, PjCallback, pj_string
from .pjlib import declared
from .requests import Request, parse_request

log = logging.getLogger(__name__)

PAST_TRANSACTIONS = 24
"""Between PJSIP's transactions (16), which keep what is theirs, and its dialogs (32)."""


class StrayAnswers:
    """Drops what is of nobody; must be kept until PJSIP is destroyed.

    Raises:
        SipError: If this build of PJSIP has no place for it.
    """

    def __init__(self) -> None:
        self._received, self._came = received_reader(), PjCallback(self._on_response)
        self._module = registered(
            "mod-sipagent-stray-answers", PAST_TRANSACTIONS, on_rx_response=self._came
        )

    def _on_response(self, rdata: int) -> int:
        try:
            response = parse_request(self._received.read(rdata).text, "", at=monotonic())
            names = [name for name, _ in response.headers]
            if any(names.count(each) != 1 for each in SINGLE):
                return 1
            return int(not _tag(response, "to") and not _has_untagged_callee(response))
        except Exception:
            log.exception("! an answer was dropped")
            return 1


def _tag(response: Request, name: str) -> str:
    """Return the tag of From or To as PJSIP reads it."""
    value = response.first(name).encode("utf-8", "surrogateescape")
    with pool(b"tag", 1024, 1024) as memory:
        text, parsed = ctypes.create_string_buffer(value), ctypes.c_int()
        words = ctypes.byref(pj_string(name)), text, len(value), ctypes.byref(parsed)
        read = _pjsip().pjsip_parse_hdr(memory, *words)
        return FromToHeader.from_address(read).tag.text() if read else ""


def _has_untagged_callee(response: Request) -> bool:
    return is_known(response.first("call-id"), _tag(response, "from"), "")


@cache
def _pjsip() -> Any:
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    return declared(
        "guards our calls",
        {"pjsip_parse_hdr": (pointer, [pointer, pointer, ctypes.c_char_p, size, pointer])},
    )
