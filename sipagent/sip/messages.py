"""SIP messages of the last dialogs, as they came and went: what a call's flight record shows.

Bounded: a dialog keeps its first messages and its last, and of dialogs that nobody asked to keep
the oldest goes first, so that a flood of strangers pushes no call out. What could be used again, or
is a secret of the caller's, is not kept: responses to challenges, and keys sent by INFO.

The PJSIP thread adds; the loop asks.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

MAX_DIALOGS = 64
"""That nobody asked to keep."""
FIRST_MESSAGES, LAST_MESSAGES = 20, 100
MAX_CHARS = 8_192
"""Of one message; SDP and all of what matters is at its beginning."""

_CALL_ID = re.compile(r"^(?:call-id|i)\s*:\s*(\S+)\s*$", re.IGNORECASE | re.MULTILINE)
_RESPONSE = re.compile(r'(\bresponse\s*=\s*")[0-9a-f]*(")', re.IGNORECASE)
_IS_DTMF = re.compile(r"^(?:content-type|c)\s*:\s*application/dtmf", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(r"^(\s*(?:signal\s*=\s*)?)[0-9A-Da-d*#](\s*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SipMessage:
    """One message."""

    at: float
    """Monotonic seconds."""
    direction: Literal["in", "out"]
    peer: str
    """``address:port`` it came from or went to."""
    text: str


@dataclass(slots=True)
class _Dialog:
    first: list[SipMessage] = field(default_factory=list)
    last: deque[SipMessage] = field(default_factory=lambda: deque(maxlen=LAST_MESSAGES))

    def add(self, message: SipMessage) -> None:
        if len(self.first) < FIRST_MESSAGES:
            self.first.append(message)
        else:
            self.last.append(message)


class SipMessages:
    """Keep them, by Call-ID."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, _Dialog] = {}
        self._others: OrderedDict[str, _Dialog] = OrderedDict()

    def add(self, direction: Literal["in", "out"], peer: str, text: str, *, at: float) -> None:
        """Take note of a message."""
        found = _CALL_ID.search(text)
        if found is None:
            return
        message = SipMessage(at, direction, peer, without_secrets(text[:MAX_CHARS]))
        with self._lock:
            dialog = self._kept.get(found[1]) or self._others.get(found[1])
            if dialog is None:
                dialog = self._others[found[1]] = _Dialog()
                if len(self._others) > MAX_DIALOGS:
                    self._others.popitem(last=False)
            dialog.add(message)

    def keep(self, sip_call_id: str) -> None:
        """Keep the messages of a dialog until they are let go."""
        with self._lock:
            if sip_call_id not in self._kept:
                self._kept[sip_call_id] = self._others.pop(sip_call_id, _Dialog())

    def of(self, sip_call_ids: Iterable[str]) -> list[SipMessage]:
        """Return the messages of dialogs, in order."""
        with self._lock:
            dialogs = [
                self._kept.get(each) or self._others.get(each)
                for each in dict.fromkeys(sip_call_ids)
            ]
            found = [each for dialog in dialogs if dialog for each in (*dialog.first, *dialog.last)]
        return sorted(found, key=lambda message: message.at)

    def let_go(self, sip_call_id: str) -> None:
        """Keep a dialog no longer; harmless if it is not kept."""
        with self._lock:
            self._kept.pop(sip_call_id, None)


def without_secrets(text: str) -> str:
    """Return a message without responses to challenges and without keys."""
    text = _RESPONSE.sub(r"\1…\2", text)
    head, blank, body = text.partition("\r\n\r\n")
    if blank and _IS_DTMF.search(head):
        body = _KEY.sub(r"\1x\2", body)
    return head + blank + body
