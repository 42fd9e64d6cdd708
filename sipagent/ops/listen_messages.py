"""What supervisor and worker tell each other of people who listen in to a call."""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.operator_acts import ActAnswer


@dataclass(frozen=True, slots=True)
class ListenAsked:
    """A person on duty wants to hear a call; ``ListenAnswered`` says whether they do."""

    request_id: str
    call_id: str
    by: str
    """Name of their token."""


@dataclass(frozen=True, slots=True)
class ListenAnswered:
    """What became of it; if it is ``DONE``, ``HeardAudio`` follows until ``ListenEnded``."""

    request_id: str
    answer: ActAnswer


@dataclass(frozen=True, slots=True)
class HeardAudio:
    """What was heard on the call since the last time."""

    request_id: str
    pcm: bytes
    """16-bit little endian at 8 kHz, caller left, agent right."""


@dataclass(frozen=True, slots=True)
class ListenEnded:
    """To the worker: they listen no more. From it: there is nothing more to hear."""

    request_id: str
