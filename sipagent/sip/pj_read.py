"""Messages as they travel through PJSIP, read as the binding reads them.

Runs on the PJSIP thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sipagent.errors import SipError

from .pjlib import native, pj

_READ_RECEIVED = "_ZN2pj9SipRxData6fromPjER13pjsip_rx_data"
"""``pj::SipRxData::fromPj(pjsip_rx_data &)``."""
_READ_SENT = "_ZN2pj9SipTxData6fromPjER13pjsip_tx_data"
"""``pj::SipTxData::fromPj(pjsip_tx_data &)``."""


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message and whom it came from, or goes to."""

    info: str
    """What PJSIP makes of it, as in ``Request msg INVITE/cseq=1 (rdata0x7f)``."""
    text: str
    peer: str
    """Host and port."""


class MessageReader:
    """Reads messages of one direction, one at a time."""

    def __init__(self, read: Callable[[int, int], None], message: Any, peer: str) -> None:
        self._read, self._message, self._peer = read, message, peer

    def read(self, data: int) -> ReadMessage:
        """Return the message of a ``pjsip_rx_data *``, or of a ``pjsip_tx_data *``."""
        message = self._message
        self._read(int(message.this), data)
        peer = getattr(message, self._peer)
        return ReadMessage(str(message.info), str(message.wholeMsg), str(peer))


def received_reader() -> MessageReader:
    """Return what reads messages that came.

    Raises:
        SipError: If this build of PJSIP does not show them.
    """
    return MessageReader(_reader(_READ_RECEIVED), pj.SipRxData(), "srcAddress")


def sent_reader() -> MessageReader:
    """Return what reads messages that go.

    Raises:
        SipError: If this build of PJSIP does not show them.
    """
    return MessageReader(_reader(_READ_SENT), pj.SipTxData(), "dstAddress")


def _reader(symbol: str) -> Callable[[int, int], None]:
    try:
        read = getattr(native(), symbol)
    except AttributeError as error:
        raise SipError(f"this build of PJSIP does not show its messages: {error}") from None
    read.restype, read.argtypes = None, [ctypes.c_void_p, ctypes.c_void_p]
    return read  # type: ignore[no-any-return]
