"""The agents of a plan, found from the one that answers. Pure."""

from __future__ import annotations

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import Handoff


def personas(first: RealtimeAgent) -> dict[str, RealtimeAgent]:
    """Return the agents that ``first`` can lead to, itself first, by name."""
    found, waiting = {first.name: first}, [first]
    while waiting:
        for each in waiting.pop(0).handoffs:
            agent = each.agent if isinstance(each, Handoff) else each
            if isinstance(agent, RealtimeAgent) and agent.name not in found:
                found[agent.name] = agent
                waiting.append(agent)
    return found
