"""The fact that a plan took a call, with the version of the plans that it was."""

from __future__ import annotations

from typing import TypeAlias

from . import facts
from .setup import CallSetup, ReferCall, RefuseCall

Routed: TypeAlias = CallSetup | RefuseCall | ReferCall
"""What becomes of a call that a plan took."""


def routed(decision: Routed, agent: str = "") -> facts.CallRouted:
    """Return what is told of a call that a plan took.

    Args:
        decision: Of the plan.
        agent: Who answers; ``""``: whom the plan names first, if it has anybody.
    """
    if not agent and isinstance(decision, CallSetup):
        agent = decision.agent.name
    version = decision.version
    return facts.CallRouted(decision.plan, agent, version.number, version.sha)
