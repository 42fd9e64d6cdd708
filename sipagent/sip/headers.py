"""What an INVITE says, read from its text. Pure, and never surprised by hostile text.

RFC 3261 sections 7.3 and 20; SDP RFC 4566.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_STATIC_PAYLOADS = {"0": "PCMU/8000", "3": "GSM/8000", "8": "PCMA/8000", "9": "G722/8000"}
"""Payload types that need no rtpmap (RFC 3551 section 6)."""

_COMPACT = {
    "i": "call-id",
    "m": "contact",
    "e": "content-encoding",
    "l": "content-length",
    "c": "content-type",
    "f": "from",
    "s": "subject",
    "k": "supported",
    "t": "to",
    "v": "via",
}
_URI = re.compile(r"(sips?|tel):([^\s<>;?,]*)", re.IGNORECASE)
_NAME = re.compile(r'^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<')
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
MAX_VALUE_CHARS = 512


@dataclass(frozen=True, slots=True)
class Invite:
    """The INVITE of a leg."""

    sip_call_id: str
    called_user: str
    called_uri: str
    caller_user: str
    caller_uri: str
    caller_name: str
    headers: tuple[tuple[str, str], ...]
    """In order of arrival, compact names written out; repeated names stay apart."""
    source_address: str
    has_offer: bool
    offered_codecs: tuple[str, ...]
    """``NAME/clock`` in the order of the audio offer, telephone-event left out."""


def parse_invite(text: str, source_address: str) -> Invite:
    """Read an INVITE. What is missing or unreadable is empty, never an error."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    lines = _unfold(head)
    request_line = lines[0].split(" ") if lines else []
    called_uri = request_line[1] if len(request_line) > 1 else ""
    headers = tuple(filter(None, map(_header, lines[1:])))
    first = {name.lower(): value for name, value in reversed(headers)}
    caller = first.get("from", "")
    codecs = offered_codecs(body)
    return Invite(
        sip_call_id=first.get("call-id", ""),
        called_user=uri_user(called_uri),
        called_uri=_clean(called_uri),
        caller_user=uri_user(caller),
        caller_uri=_uri_text(caller),
        caller_name=_display_name(caller),
        headers=headers,
        source_address=source_address,
        has_offer="m=audio" in body,
        offered_codecs=codecs,
    )


def uri_user(text: str) -> str:
    """Return the user part of the first SIP or tel URI in ``text``, ``""`` if there is none."""
    match = _URI.search(text)
    if match is None:
        return ""
    rest = match.group(2)
    if match.group(1).lower() == "tel":
        return _clean(unquote(rest))
    user, at, _ = rest.rpartition("@")
    return _clean(unquote(user.partition(":")[0])) if at else ""


def offered_codecs(sdp: str) -> tuple[str, ...]:
    """Return the codecs of the first audio section in the offer's order."""
    payloads: list[str] = []
    names = dict(_STATIC_PAYLOADS)
    in_audio = False
    for line in sdp.splitlines():
        if line.startswith("m="):
            if in_audio:
                break
            parts = line.split()
            in_audio = parts[0] == "m=audio"
            payloads = parts[3:] if in_audio else []
        elif in_audio and line.startswith("a=rtpmap:"):
            payload, _, encoding = line[len("a=rtpmap:") :].partition(" ")
            names[payload.strip()] = _clean(encoding.strip())
    found = (names.get(payload, "") for payload in payloads)
    return tuple(name for name in found if name and not name.lower().startswith("telephone-event"))


def _unfold(head: str) -> list[str]:
    """Join continuation lines (RFC 3261 section 7.3.1)."""
    lines: list[str] = []
    for line in head.split("\n"):
        if lines and line[:1] in {" ", "\t"}:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


def _header(line: str) -> tuple[str, str] | None:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        return None
    name = name.strip()
    if len(name) == 1:
        name = _COMPACT.get(name.lower(), name)
    return _clean(name), _clean(value.strip())


def _uri_text(value: str) -> str:
    match = _URI.search(value)
    return _clean(match.group(0)) if match else ""


def _display_name(value: str) -> str:
    match = _NAME.match(value)
    if match is None:
        return ""
    quoted, bare = match.groups()
    name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare
    return _clean((name or "").strip())


def _clean(value: str) -> str:
    return _UNPRINTABLE.sub("", value)[:MAX_VALUE_CHARS]
