"""What is told of the transfers of a call: when one begins, and once what came of it.

A wish is nothing yet: a person may have to allow it, and the agent speaks to the end first. What
came of it is told of every wish, also of one that never began.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from . import facts
from .transfer_outcome import Outcome

Tell = Callable[[facts.Fact], None]


@dataclass(slots=True)
class _Wish:
    target: str
    mode: Literal["blind", "attended"]
    began_at: float | None = None


class TransferTelling:
    """Tell of one transfer after the other."""

    def __init__(self) -> None:
        self._wish: _Wish | None = None

    def wished(self, target: str, *, is_attended: bool) -> None:
        """Note that somebody wants the caller to be transferred."""
        self._wish = _Wish(target, "attended" if is_attended else "blind")

    def began(self, *, now: float, tell: Tell) -> None:
        """Tell that the REFER goes out, or that the target is called."""
        if self._wish is not None:
            self._wish.began_at = now
            tell(facts.TransferStarted(self._wish.target, self._wish.mode))

    def ended(
        self,
        outcome: Outcome,
        status: int,
        voice: Literal["", "agent", "local"],
        *,
        now: float,
        tell: Tell,
    ) -> None:
        """Tell what came of it, unless that has been told."""
        wish, self._wish = self._wish, None
        if wish is not None:
            ms = 0 if wish.began_at is None else round((now - wish.began_at) * 1000)
            tell(facts.TransferEnded(wish.target, wish.mode, outcome.value, status, ms, voice))
