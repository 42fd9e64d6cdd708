"""Session descriptions on their way between PJSIP and the network, and what is shown instead.

Modules of PJSIP see every message: those that come before its transactions, those that go before
they are printed. Requests that open something are seen last of all before PJSUA, once everybody
who may refuse them has had a say. Descriptions are exchanged where PJSIP keeps them, read: the
text that came stays in the message for whoever else reads it.

Which dialog a request is of must be what PJSIP makes of it, or a tag written in an odd way would
bring a description past whoever judges it: so its headers are those of a response that PJSIP makes
to it. Of responses and ACK there are none; their text is read, and who asks must not trust it.

Runs on the PJSIP thread.

| resource       | acquired    | released                                      |
|----------------|-------------|-----------------------------------------------|
| modules        | constructor | with PJSIP; keep the object until then        |
"""

from __future__ import annotations

import ctypes
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sipagent.errors import SipError

from .pj_dialog import dialog_of, dialog_words, header
from .pj_module import registered
from .pj_read import received_reader
from .pj_requests import DESK, DOOR
from .pj_structs import (
    CSeqHeader,
    PjBody,
    PjCallback,
    PjMessage,
    SdpInfo,
    TxData,
)
from .pjlib import declared, pj
from .requests import parse_request

log = logging.getLogger(__name__)

RESPONSE = 1
"""``PJSIP_RESPONSE_MSG``."""

NOT_SENT = 70_001
"""``PJ_EUNKNOWN``."""

_KIND = re.compile(r"(?:Request|Response) msg (?:(\d+)/)?([^\s/]+)/cseq=")
"""Status and method, as PJSIP has read them (``pjsip_rx_data_get_info``)."""

LARGEST_SDP_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class SdpMessage:
    """A message of a dialog, or one that may open one."""

    method: str
    """Of the request, or of that which is answered."""
    status: int
    """0: it is a request."""
    call_id: str
    from_tag: str
    to_tag: str
    sdp: str
    """``""``: it has none."""


Shown = Callable[[SdpMessage], str]
"""Returns the description that is shown instead, ``""``: the one there is."""


class SdpModules:
    """See descriptions come and go; must be kept until PJSIP is destroyed, which ends it.

    Args:
        on_received: Asked about each description that comes, and each INVITE without one.
        on_sending: Asked about each message that goes.

    Raises:
        SipError: If this build of PJSIP has no place for it.
    """

    def __init__(self, on_received: Shown, on_sending: Shown) -> None:
        self._on_received, self._on_sending = on_received, on_sending
        self._pjsip = _pjsip()
        self._received = received_reader()
        self._callbacks = [PjCallback(each) for each in (self._opens, self._comes, self._goes)]
        opens, comes, goes = self._callbacks
        self._modules = [
            registered("mod-sipagent-sdp-opens", DESK, on_rx_request=opens),
            registered(
                "mod-sipagent-sdp",
                DOOR + 1,
                on_rx_request=comes,
                on_rx_response=comes,
                on_tx_request=goes,
                on_tx_response=goes,
            ),
        ]

    def _opens(self, rdata: int) -> int:
        return self._came(rdata, opens=True)

    def _comes(self, rdata: int) -> int:
        return self._came(rdata, opens=False)

    def _came(self, rdata: int, *, opens: bool) -> int:
        try:
            info = self._pjsip.pjsip_rdata_get_sdp_info(rdata)
            has_sdp = bool(info and info.contents.sdp)
            if not (has_sdp or opens):
                return 0
            message = self._read(rdata, info.contents.body.text() if has_sdp else "")
            may_open = message.status == 0 and not message.to_tag and message.method != "ACK"
            if may_open is not opens:
                return 0
            if (shown := self._on_received(message)) and has_sdp:
                # The pool of a message that came is its first member, ``tp_info.pool``.
                pool = ctypes.c_void_p.from_address(rdata).value
                info.contents.sdp = self._parsed(pool, shown)
        except Exception:
            log.exception("! a description was dropped")
            return 1  # what is not judged is not taken: it may ask for audio in the clear
        return 0

    def _goes(self, tdata: int) -> int:
        message = None
        try:
            data = TxData.from_address(tdata)
            message = data.message.contents
            read = self._written(message)
            if (shown := self._on_sending(read)) and read.sdp:
                body = PjBody.from_address(message.body)
                body.data = self._parsed(data.pool, shown)
        except Exception:
            log.exception("! a description was not sent")
            return NOT_SENT if message is None or message.body else 0
        return 0

    def _read(self, rdata: int, sdp: str) -> SdpMessage:
        received = self._received.read(rdata)
        kind = _KIND.match(received.info)
        if kind is None:
            raise SipError("PJSIP does not tell what came")
        status, method = int(kind[1] or 0), kind[2]
        if status or method == "ACK":
            read = parse_request(received.text, "", at=0.0)
            tags = read.tag("from"), read.tag("to")
            return SdpMessage(method, status, read.first("call-id"), *tags, sdp)
        return SdpMessage(method, 0, *dialog_of(rdata), sdp)

    def _written(self, message: PjMessage) -> SdpMessage:
        method = header(message, pj.PJSIP_H_CSEQ, CSeqHeader).method.name.text()
        status = message.line.status.code if message.type == RESPONSE else 0
        return SdpMessage(method, status, *dialog_words(message), self._sdp_of(message))

    def _sdp_of(self, message: PjMessage) -> str:
        if not message.body:
            return ""
        body = PjBody.from_address(message.body)
        if body.content_type.subtype.text().lower() != "sdp" or not body.data:
            return ""
        buffer = ctypes.create_string_buffer(LARGEST_SDP_BYTES)
        length = self._pjsip.pjmedia_sdp_print(body.data, buffer, LARGEST_SDP_BYTES)
        return buffer.raw[: max(0, length)].decode("utf-8", "surrogateescape")

    def _parsed(self, pool: int | None, sdp: str) -> int:
        """Return PJSIP's structure of a description, which lives as long as ``pool``."""
        raw = sdp.encode("utf-8", "surrogateescape")
        text = self._pjsip.pj_pool_alloc(pool, len(raw) + 1)
        ctypes.memmove(text, raw + b"\0", len(raw) + 1)
        parsed = ctypes.c_void_p()
        status = self._pjsip.pjmedia_sdp_parse(pool, text, len(raw), ctypes.byref(parsed))
        if status != 0 or not parsed.value:
            raise SipError(f"PJSIP does not read a description of ours (status {status})")
        return parsed.value


@cache
def _pjsip() -> Any:
    pointer, number, size = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t
    return declared(
        "relays audio",
        {
            "pjsip_rdata_get_sdp_info": (ctypes.POINTER(SdpInfo), [pointer]),
            "pjmedia_sdp_print": (number, [pointer, pointer, size]),
            "pjmedia_sdp_parse": (number, [pointer, pointer, size, pointer]),
            "pj_pool_alloc": (pointer, [pointer, size]),
        },
    )
