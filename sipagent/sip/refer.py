"""Where a REFER points: its Refer-To header, written and read. Pure, and never surprised.

RFC 3515 section 2.1; URIs RFC 3986.
"""

from __future__ import annotations

import re

from sipagent.errors import SipError

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-~]+")
"""A scheme and printable ASCII without blanks, quotes and angle brackets: what fits into one
header, whatever the scheme. Whether a number may be reached by ``tel:`` is for the peer to say."""

_NAME_ADDR = re.compile(r'\s*(?:"(?:[^"\\]|\\.)*"|[^<"]*)\s*<([^<>]*)>')

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
