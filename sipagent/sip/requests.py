"""A request before anything is opened for it, and what may become of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

MAX_REQUEST_HEADERS = 128

_LINE_END = r"(?:\r\n|\r(?!\n)|(?<!\r)\n)"
"""Of any kind, as PJSIP takes it."""
_LINES, _HEAD_END = re.compile(_LINE_END), re.compile(_LINE_END * 2)

_MEDIA = re.compile(r"[\r\n]m=([^\s]{0,16})")
"""A line end of any kind, as PJSIP takes it; in the whole text, whatever the body is wrapped in."""

_LONG_NAMES = {"f": "from", "t": "to", "i": "call-id", "v": "via", "o": "event"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is looked at of a request."""

    method: str
    uri: str
    source_address: str
    """``host:port`` it came from."""
    at: float
    """When, in monotonic seconds."""
    headers: tuple[tuple[str, str], ...] = ()
    """Lower-case names, compact ones written out, in order of arrival."""
    is_in_dialog: bool = False
    """Whether it belongs to a dialog that is there (RFC 3261 section 12.2.2)."""
    claims_dialog: bool = False
    """Whether To has a tag: it may be of a dialog that is written to look like none."""
    media: tuple[str, ...] = ()
    """Kind of each media section it has, in lower case (RFC 8866 section 5.14)."""
    is_whole: bool = True
    """Whether ``headers`` are all it has."""
    is_merged: bool = False
    """Whether PJSIP takes an ACK for an INVITE that it has, come by another way."""

    @property
    def source(self) -> str:
        """Return the address it came from, without port."""
        return self.source_address.rpartition(":")[0].strip("[]")

    def first(self, name: str) -> str:
        """Return the value of the first header called ``name``, in lower case."""
        return next((value for each, value in self.headers if each == name), "")

    def tag(self, name: str) -> str:
        """Return the tag of From or To (RFC 3261 section 19.3)."""
        after_uri = self.first(name).rpartition(">")[2]
        match = re.search(r";\s*tag\s*=\s*([^\s;,]+)", after_uri)
        return match[1] if match is not None else ""


def parse_request(text: str, source_address: str, *, at: float) -> Request:
    """Read a request. What is missing or unreadable is empty, never an error."""
    lines = _LINES.split(_HEAD_END.split(text, maxsplit=1)[0])
    parts = lines[0].split(" ")
    headers: list[tuple[str, str]] = []
    for line in lines[1 : MAX_REQUEST_HEADERS + 1]:
        if line[:1] in {" ", "\t"} and headers:  # folded (RFC 3261 section 7.3.1)
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if colon and name:
            headers.append((_LONG_NAMES.get(name, name), value.strip()))
    uri = parts[1] if len(parts) > 1 else ""
    media = tuple(kind.lower() for kind in _MEDIA.findall(text))
    is_whole = len(lines) <= MAX_REQUEST_HEADERS + 1
    return Request(parts[0], uri, source_address, at, tuple(headers), False, False, media, is_whole)


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer it, and be done with it; nothing is opened."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    why: str = ""
    """Reason that is counted and logged; ``""``: it is no refusal to speak of."""
    shows_capabilities: bool = False
    """Whether Allow, Accept and Supported are told."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Say nothing."""

    why: str = ""
    """As in an answer."""


Decision: TypeAlias = Answer | Drop
Decider: TypeAlias = Callable[[Request], Decision | None]
"""Says what becomes of a request, or None: the next one is asked."""


def decide(deciders: tuple[Decider, ...], request: Request) -> Decision | None:
    """Return what the first decider with an opinion says.

    An ACK is never answered (RFC 3261 section 17): PJSIP asserts that nobody tries.
    """
    for decider in deciders:
        match decider(request):
            case None:
                continue
            case Answer(why=why) if request.method == "ACK":
                return Drop(why)
            case decision:
                return decision
    return None
