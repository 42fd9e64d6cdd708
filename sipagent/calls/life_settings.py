"""What a plan says about the length of its calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LifeSettings:
    """Words are instructions for the agent."""

    max_duration_s: float = 3600.0
    warn_before_s: float = 0.0
    """0: no warning."""
    warning: str = ""
    silence_s: float = 0.0
    """0: a caller may be silent."""
    silence_prompt: str = ""
    silence_prompts: int = 2
    goodbye: str = ""
    """Said before a call is ended for its time or for silence; ``""``: nothing."""
    goodbye_limit_s: float = 15.0
    rtp_timeout_s: float = 30.0
    """0: a line without RTP is none of our business."""
