"""Settings of who may ask the admin API, and of what is kept about it: ``[http]``, ``[audit]``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from .api_tokens import Role

FEWEST_CHARS = 16
"""Of a token: fewer could be guessed."""


class TokenSettings(BaseModel):
    """``[[http.tokens]]``: somebody who may ask."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    """In the audit log, and on calls on which something was done; no two have the same."""
    role: Role
    """``read``: may look; ``operate``: may have things done, too."""
    token: SecretStr = SecretStr("")
    """At least 16 characters."""
    token_file: str = ""
    """File that holds it."""


class AuditSettings(BaseModel):
    """``[audit]``: what people had done by the admin API."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Path("audit.jsonl")
    """One line of JSON is appended per request that was to change something."""
