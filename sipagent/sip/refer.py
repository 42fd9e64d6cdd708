"""Where a REFER points: its Refer-To header, written and read. Pure, and never surprised.

RFC 3515 section 2.1; URIs RFC 3986.
"""

from __future__ import annotations

import re

from sipagent.errors import SipError

from .requests import Answer, Request

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-~]+")
"""A scheme and printable ASCII without blanks, quotes and angle brackets: what fits into one
header, whatever the scheme. Whether a number may be reached by ``tel:`` is for the peer to say."""

_NAME_ADDR = re.compile(r'\s*+(?:"(?:[^"\\]|\\.)*+"\s*+|[^<"]*+)<([^<>]*+)>')

_SIP_TARGET = re.compile(
    r"(sips?):(?:([^@]*)@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?((?:;[^;?]*)*)(\?.*)?",
    re.IGNORECASE,
)
_HARMLESS_PARAMETERS = frozenset({"transport", "user"})
_HARMLESS_HEADERS = frozenset({"replaces", "require"})

MAX_URI_CHARS = 512


def refer_to(target_uri: str) -> str:
    """Return the Refer-To header that names ``target_uri``.

    Raises:
        SipError: If it is no URI; a line break in it would be a header of its own.
    """
    if len(target_uri) > MAX_URI_CHARS or _URI.fullmatch(target_uri) is None:
        raise SipError(f"not a URI to be transferred to: {target_uri[:80]!r}")
    return f"<{target_uri}>"


def refer_target(value: str) -> str:
    """Return the URI a Refer-To header names, ``""`` if it names none that can be used.

    Without brackets, what follows a semicolon belongs to the header (RFC 3261 section 20).
    """
    named = _NAME_ADDR.match(value)
    uri = named.group(1).strip() if named is not None else value.strip().partition(";")[0]
    return uri if len(uri) <= MAX_URI_CHARS and _URI.fullmatch(uri) is not None else ""


def plain_target(uri: str) -> str:
    """Return scheme, user, host and port of a SIP URI, ``""`` if it says more that matters.

    A ``maddr`` would send our INVITE somewhere else than the host says, a ``Route`` among the
    headers as well (RFC 3261 section 19.1.5); Replaces is what attended transfers have there.
    """
    match = _SIP_TARGET.fullmatch(uri)
    if match is None:
        return ""
    scheme, user, host, port, parameters, headers = match.groups()
    names = {each.partition("=")[0].lower() for each in parameters.split(";")[1:]}
    asked = {each.partition("=")[0].lower() for each in (headers or "?")[1:].split("&")} - {""}
    if not (names <= _HARMLESS_PARAMETERS and asked <= _HARMLESS_HEADERS):
        return ""
    at_user = "" if user is None else f"{user}@"
    return f"{scheme.lower()}:{at_user}{host.lower()}{port or ''}"


def refuse_refer(request: Request) -> Answer | None:
    """Decide on a REFER outside any dialog, which PJSUA leaves without an answer: 603."""
    return Answer(603) if request.method == "REFER" else None
