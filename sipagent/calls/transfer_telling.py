"""What is told of the transfers of a call: that one began, and once what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from . import facts
from .transfer_outcome import Outcome


@dataclass(frozen=True, slots=True)
class _Begun:
    target: str
    mode: Literal["blind", "attended"]
    at: float


class TransferTelling:
    """Tell of one transfer after the other."""

    def __init__(self) -> None:
        self._begun: _Begun | None = None

    def started(
        self, target: str, *, is_attended: bool, now: float, tell: Callable[[facts.Fact], None]
    ) -> None:
        """Tell that somebody wants the caller to be transferred."""
        self._begun = _Begun(target, "attended" if is_attended else "blind", now)
        tell(facts.TransferStarted(target, self._begun.mode))

    def ended(
        self,
        outcome: Outcome,
        status: int,
        voice: Literal["", "agent", "local"],
        *,
        now: float,
        tell: Callable[[facts.Fact], None],
    ) -> None:
        """Tell what came of it, unless that has been told."""
        begun, self._begun = self._begun, None
        if begun is not None:
            ms = round((now - begun.at) * 1000)
            tell(facts.TransferEnded(begun.target, begun.mode, outcome.value, status, ms, voice))
