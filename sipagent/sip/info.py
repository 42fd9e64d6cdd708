"""SIP INFO in a dialog (RFC 6086): which key it tells of, and how to answer it.

Two bodies carry keys: ``application/dtmf-relay`` with lines such as ``Signal=5`` and
``Duration=160``, and ``application/dtmf`` with the bare key. In both, some peers write ``*``, ``#``
and letters as codes of RFC 4733 section 3.2: 10, 11, 12 to 15. A flash (16) is no key.

An INFO without a body keeps a dialog alive. Whatever else it carries is 415, and no harm to the
call. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
"""By event code (RFC 4733 section 3.2)."""

OK, BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE = 200, 400, 415

FLASH = "16"

LONGEST_DIGIT_MS = 60_000

_DURATION = re.compile(r"^[ \t]*+duration\s*+[=:]\s*+(\d{1,5})\s*$", re.IGNORECASE | re.MULTILINE)
_SIGNAL = re.compile(r"^[ \t]*+signal\s*+[=:]\s*+(\S++)\s*$", re.IGNORECASE | re.MULTILINE)
_TYPE = re.compile(r"^(?:content-type|c)\s*:\s*([^\s;]+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class InfoRead:
    """What is made of one INFO."""

    status: int
    key: str = ""
    """``""``: it told of none."""
    duration_ms: int = 0
    """0: not told."""


def read_info(message: str) -> InfoRead:
    """Return what a whole INFO request means."""
    head, _, body = message.replace("\r\n", "\n").partition("\n\n")
    named = _TYPE.search(head)
    if named is None or not body.strip():
        return InfoRead(OK)
    match named[1].lower():
        case "application/dtmf-relay":
            signal = _SIGNAL.search(body)
            return _key("" if signal is None else signal[1], _duration_ms(body))
        case "application/dtmf":
            return _key(body.strip(), 0)
        case _:
            return InfoRead(UNSUPPORTED_MEDIA_TYPE)


def _key(signal: str, duration_ms: int) -> InfoRead:
    if signal == FLASH:
        return InfoRead(OK)
    if signal.isdecimal() and len(signal) == 2 and 10 <= int(signal) < len(KEYS):
        return InfoRead(OK, KEYS[int(signal)], duration_ms)
    if len(signal) == 1 and signal.upper() in KEYS:
        return InfoRead(OK, signal.upper(), duration_ms)
    return InfoRead(BAD_REQUEST)


def _duration_ms(body: str) -> int:
    told = _DURATION.search(body)
    duration_ms = 0 if told is None else int(told[1])
    return duration_ms if duration_ms <= LONGEST_DIGIT_MS else 0
