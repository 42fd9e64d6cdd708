"""SIP messages of the last dialogs, as they came and went: what a call's flight record shows.

Bounded: a dialog keeps its first messages and its last, and of dialogs that nobody asked to keep
the oldest goes first, so that a flood of strangers pushes no call out. What could be used again, or
is a secret of the caller's, is not kept: credentials, keys of SRTP in descriptions (RFC 4568), and
telephone keys sent by INFO. Every pattern takes time in proportion to the text: peers write it.

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
_BLANK_LINE = re.compile(r"(?:\r\n?+|\n)(?:\r\n?+|\n)")
"""Before the body; PJSIP takes every kind of line ending."""
_RESPONSE = re.compile(r'(\bresponse\s*=\s*+"?)[^",\s]++', re.IGNORECASE)
_OTHER_CREDENTIALS = re.compile(
    r"(?<![^\r\n])((?:proxy-)?authorization\s*+:\s*+(?!digest\b)[^\s,]++[ \t]++)[^\r\n]++",
    re.IGNORECASE,
)
"""Such as those of ``Basic``, which are a password."""
_SRTP_KEY = re.compile(r"(\binline:)[^\s|;]++", re.IGNORECASE)
_IS_DTMF = re.compile(r"(?<![^\r\n])(?:content-type|c)\s*:\s*application/dtmf", re.IGNORECASE)


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
        message = SipMessage(at, direction, peer, _told(text[:MAX_CHARS]))
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


def _told(text: str) -> str:
    """Return what is kept of a message: text that can be written down, whatever bytes came."""
    return without_secrets(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def without_secrets(text: str) -> str:
    """Return a message without credentials, and without keys of any kind."""
    found = _BLANK_LINE.search(text)
    head, body = (text[: found.end()], text[found.end() :]) if found else (text, "")
    head = _OTHER_CREDENTIALS.sub(r"\1…", _RESPONSE.sub(r"\1…", head))
    if _IS_DTMF.search(head):
        body = "".join(map(_without_key, body.splitlines(keepends=True)))
    return head + _SRTP_KEY.sub(r"\1…", body)


def _without_key(line: str) -> str:
    """Return a line of a body that tells of a key, with what it says of the key hidden."""
    value = re.split("[=:]", line, maxsplit=1)[-1].strip()
    if not value or line.strip().lower().startswith("duration"):
        return line
    start = line.rindex(value)
    return line[:start] + "x" + line[start + len(value) :]
