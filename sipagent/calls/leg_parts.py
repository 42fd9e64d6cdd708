"""The parts of a call over a leg, made before its session: tools reach them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from .part import CallPart
from .recording import Recording
from .setup import CallSetup


@dataclass(frozen=True, slots=True)
class LegParts:
    """By name; iterates over those there are, in the order in which they see what arrives."""

    recording: Recording | None

    def __iter__(self) -> Iterator[CallPart]:
        for field in fields(self):
            part: CallPart | None = getattr(self, field.name)
            if part is not None:
                yield part


def leg_parts(call_id: str, setup: CallSetup, *, recordings_dir: Path) -> LegParts:
    """Return the parts that the plan of a call asks for."""
    return LegParts(
        recording=Recording(recordings_dir / f"{call_id}.wav") if setup.is_recorded else None,
    )
