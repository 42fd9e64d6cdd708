"""Whether a call's flight record is saved. Pure."""

from __future__ import annotations

from sipagent.calls import facts
from sipagent.calls.termination import Result
from sipagent.dialplan.weights import draw

from .settings import FlightSettings

FLAG = "flag"
"""Act of a person on duty that has a call saved."""


class Verdict:
    """Judge one call by what is told of it."""

    def __init__(self) -> None:
        self._has_failed = self._is_silent = self.is_flagged = False

    def take(self, fact: facts.Fact) -> None:
        """Take note of ``fact``."""
        match fact:
            case facts.CallEnded(termination=end):
                self._has_failed = end.result is Result.FAILED
            case facts.SilenceNamed():
                self._is_silent = True
            case facts.OperatorActed(act=act) if act == FLAG:
                self.is_flagged = True
            case _:
                pass

    def why(self, settings: FlightSettings, call_id: str) -> str:
        """Return why the call is to be saved, ``""`` if it is not."""
        for rule, holds in (
            ("failed", self._has_failed),
            ("flagged", self.is_flagged),
            ("silent", self._is_silent),
            ("all", True),
        ):
            if holds and rule in settings.save:
                return rule
        return "sampled" if draw(call_id, "flight") < settings.sample_ratio else ""
