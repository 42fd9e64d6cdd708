"""What a flight record holds, and how it is written: gzipped JSON, one file per call."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import orjson

from sipagent.errors import SipAgentError
from sipagent.redaction import REDACTION

Json: TypeAlias = dict[str, Any]

SUFFIX = ".flight.json.gz"
MAX_BYTES = 64 * 1024 * 1024
"""Of a record that is read, unpacked."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One thing that happened."""

    at: float
    """Seconds since the call's first fact."""
    name: str
    """Of the fact."""
    fields: Json


@dataclass(frozen=True, slots=True)
class Sip:
    """One SIP message."""

    at: float
    direction: Literal["in", "out"]
    peer: str
    text: str


@dataclass(frozen=True, slots=True)
class Flight:
    """The record of one call."""

    call_id: str
    began_at: float
    """Unix seconds of its first fact."""
    local: str
    """``address:port`` of our SIP."""
    why: str
    """Why it was saved."""
    facts: tuple[Noted, ...]
    sip: tuple[Sip, ...]

    def named(self, name: str) -> Iterable[Noted]:
        """Return the facts of one name, in order."""
        return (each for each in self.facts if each.name == name)


def flight_path(folder: Path, call_id: str) -> Path:
    """Return where the record of a call is.

    Raises:
        SipAgentError: If that is no call id.
    """
    if not call_id.isalnum() or not call_id.isascii() or len(call_id) > 64:
        raise SipAgentError(f"{call_id[:64]!r} is no call id")
    return folder / call_id[:2] / f"{call_id}{SUFFIX}"


def write_flight(path: Path, flight: Flight) -> None:
    """Write a record whole, or not at all; blocks.

    Raises:
        OSError: If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    text = REDACTION.apply(json_of(flight))
    try:
        part.touch(mode=0o640)  # it holds telephone numbers, and what was said
        part.write_bytes(gzip.compress(text.encode(), 6))
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def json_of(flight: Flight) -> str:
    """Return a record as JSON, whatever bytes its SIP messages hold.

    Bytes outside UTF-8 arrive as halves of surrogate pairs, which orjson does not take.
    """
    try:
        return orjson.dumps(flight).decode()
    except TypeError:
        return json.dumps(asdict(flight), default=str)


def read_flight(path: Path) -> Flight:
    """Return a record; blocks.

    Raises:
        FileNotFoundError: If there is none.
        SipAgentError: If it cannot be read.
    """
    try:
        with gzip.open(path, "rb") as file:
            data = json.loads(file.read(MAX_BYTES))
        return Flight(
            data["call_id"],
            data["began_at"],
            data["local"],
            data["why"],
            tuple(Noted(**each) for each in data["facts"]),
            tuple(Sip(**each) for each in data["sip"]),
        )
    except FileNotFoundError:
        raise
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise SipAgentError(f"{path}: is no flight record: {error}") from None
