"""What an INVITE says, read from its text. Pure, and never surprised by hostile text.

RFC 3261 sections 7.3 and 20; SDP RFC 4566.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

STATIC_PAYLOADS = {"0": "PCMU/8000", "3": "GSM/8000", "8": "PCMA/8000", "9": "G722/8000"}
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
_URI = re.compile(r"(sips?|tel):([^\s<>\"]*)", re.IGNORECASE)
_NAME_ADDR = re.compile(r'\s*+(?:"((?:[^"\\]|\\.)*+)"\s*+|([^<"]*+))<([^>]*+)>')
"""A quoted or bare display name, then the URI in brackets (RFC 3261 section 25.1, name-addr)."""

_TRANSPORT = re.compile(r";transport=(udp|tcp|tls)(?=[;?>]|$)", re.IGNORECASE)

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
"""Control characters, and the surrogates that bytes outside UTF-8 arrive as."""

MAX_VALUE_CHARS = 512
MAX_HEADERS = 128


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
    """``host:port`` the INVITE came from, whatever its headers say."""
    transport: str
    """``udp``, ``tcp`` or ``tls``, as the topmost Via says, or of our own the URI."""
    has_offer: bool
    offered_codecs: tuple[str, ...]
    """``NAME/clock`` in the order of the audio offer, telephone-event left out."""
    trunk: str = ""
    """Name of the trunk it came or goes through; ``""``: none."""
    is_trusted: bool = False
    """Whether what it asserts of its caller may be believed (RFC 3325 section 9)."""
    findings: tuple[str, ...] = ()
    """What is unusual about it, by the names of :mod:`.interop`."""


def awaits_our_offer(invite: Invite) -> bool:
    """Tell whether the first reliable response must hold our offer (RFC 3262 section 5)."""
    named = (value for name, value in invite.headers if name.lower() in {"supported", "require"})
    tags = (tag.strip().lower() for value in named for tag in value.split(","))
    return not invite.has_offer and "100rel" in tags


def parse_invite(text: str, source_address: str) -> Invite:
    """Read an INVITE. What is missing or unreadable is empty, never an error."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    lines = _unfold(head)
    request_line = lines[0].split(" ")
    called_uri = _clean(request_line[1]) if len(request_line) > 1 else ""
    headers = tuple(filter(None, map(_header, lines[1 : MAX_HEADERS + 1])))
    first = {name.lower(): value for name, value in reversed(headers)}
    caller_name, caller_uri = name_and_uri(first.get("from", ""))
    return Invite(
        sip_call_id=first.get("call-id", ""),
        called_user=uri_user(called_uri),
        called_uri=called_uri,
        caller_user=uri_user(caller_uri),
        caller_uri=caller_uri,
        caller_name=caller_name,
        headers=headers,
        source_address=source_address,
        transport=_transport(first.get("via", "")),
        has_offer=bool(body.strip()),
        offered_codecs=offered_codecs(body),
    )


def invite_of_headers(headers: Sequence[tuple[str, str]]) -> Invite:
    """Return the INVITE that somebody else answers, as far as its headers tell.

    Args:
        headers: In order of arrival, whatever the caller's side wrote.
    """
    read = tuple(filter(None, (_named(name, value) for name, value in headers[:MAX_HEADERS])))
    first = {name.lower(): value for name, value in reversed(read)}
    _, called_uri = name_and_uri(first.get("to", ""))
    caller_name, caller_uri = name_and_uri(first.get("from", ""))
    return Invite(
        sip_call_id=first.get("call-id", ""),
        called_user=uri_user(called_uri),
        called_uri=called_uri,
        caller_user=uri_user(caller_uri),
        caller_uri=caller_uri,
        caller_name=caller_name,
        headers=read,
        source_address="",
        transport=_transport(first.get("via", "")),
        has_offer=False,
        offered_codecs=(),
    )


def outgoing_invite(
    uri: str,
    from_user: str,
    headers: Sequence[tuple[str, str]],
    codecs: Sequence[str],
    trunk: str = "",
) -> Invite:
    """Return the INVITE we are about to send, as far as it is known."""
    return Invite(
        sip_call_id="",
        called_user=uri_user(uri),
        called_uri=uri,
        caller_user=from_user,
        caller_uri="",
        caller_name="",
        headers=tuple(headers),
        source_address="",
        transport=_uri_transport(uri),
        has_offer=True,
        offered_codecs=tuple(f"{name}/8000" for name in codecs),
        trunk=trunk,
    )


def reason_header(text: str) -> str:
    """Return what the Reason headers of a message say (RFC 3326), ``""`` if it has none."""
    head = text.replace("\r\n", "\n").partition("\n\n")[0]
    headers = filter(None, map(_header, _unfold(head)[1 : MAX_HEADERS + 1]))
    return ", ".join(value for name, value in headers if name.lower() == "reason")[:MAX_VALUE_CHARS]


def uri_user(uri: str) -> str:
    """Return the user part of a SIP or tel URI, ``""`` if there is none.

    Password and parameters (``;phone-context=…``, ``;npdi``) are left out.
    """
    match = _URI.match(uri.strip())
    if match is None:
        return ""
    scheme, rest = match.groups()
    if scheme.lower() != "tel":
        rest, at, _ = rest.rpartition("@")
        rest = rest.partition(":")[0] if at else ""
    return _clean(unquote(rest.partition(";")[0]))


def offered_codecs(sdp: str) -> tuple[str, ...]:
    """Return the codecs of the first audio section that is not switched off, in its order."""
    payloads: list[str] = []
    names = dict(STATIC_PAYLOADS)
    in_audio = False
    for line in sdp.splitlines():
        if line.startswith("m="):
            if in_audio:
                break
            parts = line.split()
            in_audio = parts[0] == "m=audio" and parts[1:2] != ["0"]
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
    return _named(name, value) if colon else None


def _named(name: str, value: str) -> tuple[str, str] | None:
    name = name.strip()
    if not name:
        return None
    if len(name) == 1:
        name = _COMPACT.get(name.lower(), name)
    return _clean(name), _clean(value.strip())


def name_and_uri(value: str) -> tuple[str, str]:
    """Split a From value; a URI inside the display name is part of the name, not the caller."""
    match = _NAME_ADDR.match(value)
    if match is None:
        bare = _URI.match(value.strip())
        return "", bare.group(0).partition(";")[0] if bare else ""
    quoted, bare_name, uri = match.groups()
    name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare_name.rstrip()
    found = _URI.match(uri.strip())
    return name.strip(), found.group(0) if found else ""


def _transport(via: str) -> str:
    protocol = via.split(" ", maxsplit=1)[0].split("/")
    return protocol[2].lower() if len(protocol) == 3 else ""


def _uri_transport(uri: str) -> str:
    """Return what a URI asks for (RFC 3261 section 19.1.1); ``sips`` is always TLS."""
    if uri.lower().startswith("sips:"):
        return "tls"
    match = _TRANSPORT.search(uri)
    return match.group(1).lower() if match else "udp"


def _clean(value: str) -> str:
    return _UNPRINTABLE.sub("", value)[:MAX_VALUE_CHARS]
