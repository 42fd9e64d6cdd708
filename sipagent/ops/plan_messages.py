"""What supervisor and processes with calls tell each other of plans.

Two steps, so that processes do not differ: each prepares a version, and when all have, each takes
calls by it. One that could not keeps all of them where they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.dialplan.versions import PlanSource


@dataclass(frozen=True, slots=True)
class LoadPlans:
    """Prepare a version of the plans; calls go on by the one before."""

    source: PlanSource


@dataclass(frozen=True, slots=True)
class PlansLoaded:
    """Whether a version is prepared."""

    version: int
    problem: str = ""
    """Why not; ``""``: it is."""


@dataclass(frozen=True, slots=True)
class UsePlans:
    """Take calls by the version that was prepared."""

    version: int
