"""Modules of PJSIP that see every SIP message which is let in, and every one that leaves.

They stand behind the door, so that what is turned away unanswered costs nothing here, and next to
the wire. They change nothing and answer nothing.

Runs on the PJSIP thread.

| resource | acquired    | released                                      |
|----------|-------------|-----------------------------------------------|
| modules  | constructor | with PJSIP; keep the object until then        |
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Literal

from .messages import SipMessages
from .pj_module import registered
from .pj_read import MessageReader, received_reader, sent_reader
from .pj_requests import DOOR
from .pj_structs import PjCallback

log = logging.getLogger(__name__)

BEHIND_THE_DOOR = DOOR + 2
"""Where what comes is seen, before transactions (16)."""
LAST_OF_ALL = 9
"""Where what goes is seen: whoever changes it has done so, and the transports (8) print it."""


class MessageTap:
    """Notes messages; must be kept until PJSIP is destroyed.

    Args:
        messages: Takes them.

    Raises:
        SipError: If this build of PJSIP has no place for it.
    """

    def __init__(self, messages: SipMessages) -> None:
        self._messages = messages
        self._received, self._sent = received_reader(), sent_reader()
        self._came = PjCallback(self._on_rx)
        self._went = PjCallback(self._on_tx)
        self._modules = (
            registered(
                *("mod-sipagent-tap-in", BEHIND_THE_DOOR),
                on_rx_request=self._came,
                on_rx_response=self._came,
            ),
            registered(
                *("mod-sipagent-tap-out", LAST_OF_ALL),
                on_tx_request=self._went,
                on_tx_response=self._went,
            ),
        )

    def _on_rx(self, rdata: int) -> int:
        self._note("in", self._received, rdata)
        return 0

    def _on_tx(self, tdata: int) -> int:
        self._note("out", self._sent, tdata)
        return 0

    def _note(self, direction: Literal["in", "out"], reader: MessageReader, data: int) -> None:
        try:
            message = reader.read(data)
            self._messages.add(direction, message.peer, message.text, at=monotonic())
        except Exception:
            log.exception("! a SIP message was not noted")
