"""Adding up what responses used."""

from __future__ import annotations

from sipagent.calls.facts import UsageReported

from .costs import Tokens


def add_tokens(tokens: Tokens, used: UsageReported) -> None:
    """Add the tokens of a response to ``tokens``."""
    for kind, so_far in tokens.as_values().items():
        setattr(tokens, kind, so_far + getattr(used, kind))
