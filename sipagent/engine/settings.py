"""Settings of the embedded engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class EngineSettings(BaseModel):
    """Where the engine listens, and what it is made of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    """0 takes a free one."""
    scripts_dir: Path = Path("dialplans")
    """Where ``<prompt id>.script.toml`` files are."""
    scripts_version: str = ""
    """What prompts name it by; ``""``: nobody counts."""
    recognisers: Annotated[int, Field(ge=1, le=16)] = 2
    """Processes that recognise speech; one serves many calls, an utterance at a time."""
    max_sessions: Annotated[int, Field(ge=1)] = 64
    """Sessions at once; more are refused with 503."""
    session_limit_s: Annotated[float, Field(gt=0)] = 3_600.0
    """How long a session may last; then it is told ``session_expired`` and closed."""
