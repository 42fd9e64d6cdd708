"""Who a caller is said to be by others: the network, and whoever sent the call on. Pure.

What the network asserts (P-Asserted-Identity, RFC 3325; before it Remote-Party-ID) is believed only
of peers that are trusted, since anybody can write it. Who diverted a call (Diversion, RFC 5806;
History-Info, RFC 7044) is read from anybody: it is no better and no worse than From.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .headers import Invite, name_and_uri, uri_user

_SEPARATORS = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>|[^",<]+|(,)|.', re.DOTALL)
"""Quoted text and URIs in brackets as a whole, so that their commas separate nothing."""

_CAUSE = re.compile(r"[;?&]cause=\d{3}", re.IGNORECASE)
"""Of a URI that a call was redirected to (RFC 4458 section 2.1)."""
_MAPPED = re.compile(r";\s*(?:mp|rc)\s*=\s*([\d.]+)", re.IGNORECASE)
_INDEX = re.compile(r";\s*index\s*=\s*([\d.]+)", re.IGNORECASE)

MOST_ENTRIES = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """What others say of a caller; everything may be empty."""

    asserted_user: str = ""
    """User part that the network asserts."""
    asserted_name: str = ""
    diverted_from: str = ""
    """User part of whoever the call was for, before it was sent on the last time."""


def identity_of(invite: Invite) -> Identity:
    """Return what ``invite`` says; what is missing, unreadable or not to be believed is empty."""
    name, user = _asserted(invite) if invite.is_trusted else ("", "")
    return Identity(user, name, _diverted(invite))


def _asserted(invite: Invite) -> tuple[str, str]:
    """Return display name and user part; a header has a SIP and perhaps a tel URI."""
    for value in _values(invite, "p-asserted-identity"):
        name, uri = name_and_uri(value)
        if uri_user(uri):
            return name, uri_user(uri)
    for value in _values(invite, "remote-party-id"):
        name, uri = name_and_uri(value)
        parameters = value.rpartition(">")[2].lower().replace(" ", "")
        is_caller = "party=" not in parameters or "party=calling" in parameters
        if is_caller and "screen=no" not in parameters and uri_user(uri):
            return name, uri_user(uri)
    return "", ""


def _diverted(invite: Invite) -> str:
    for value in _values(invite, "diversion"):  # the latest diversion is the first one
        if user := uri_user(name_and_uri(value)[1]):
            return user
    entries = list(_values(invite, "history-info"))
    by_index = {found[1]: value for value in entries if (found := _INDEX.search(value))}
    for at in range(len(entries) - 1, 0, -1):
        uri, _, parameters = entries[at].partition(">")
        mapped = _MAPPED.search(parameters)
        if mapped is None and _CAUSE.search(uri) is None:
            continue
        before = by_index.get(mapped[1], "") if mapped is not None else entries[at - 1]
        if user := uri_user(name_and_uri(before)[1]):
            return user
    return ""


def _values(invite: Invite, name: str) -> Iterator[str]:
    """Yield the values of a header, repeated or separated by commas (RFC 3261 section 7.3.1)."""
    count = 0
    for each, text in invite.headers:
        if each.lower() != name:
            continue
        for value in _split(text):
            if count == MOST_ENTRIES:
                return
            count += 1
            yield value


def _split(text: str) -> list[str]:
    values, start = [], 0
    for found in _SEPARATORS.finditer(text):
        if found[1]:
            values.append(text[start : found.start()].strip())
            start = found.end()
    return [*values, text[start:].strip()]
