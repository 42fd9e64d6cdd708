"""Settings of the flight recorder: ``[flights]``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Rule: TypeAlias = Literal["failed", "flagged", "silent", "all"]


class FlightSettings(BaseModel):
    """``[flights]``: which calls leave a flight record, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Path("flights")
    """Folder of the records; made when the first is."""
    save: tuple[Rule, ...] = ("failed", "flagged", "silent")
    """Which calls are saved when they end."""
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the other calls that are saved, too."""
    kept_calls: Annotated[int, Field(ge=0, le=1_000)] = 20
    """Calls that ended and were not saved, which may still be asked for."""
