"""Makes the agents of a plan: personas with their tools, linked by handoffs."""

from __future__ import annotations

from collections.abc import Mapping

from sipagent.agents.agent import Instructions, RealtimeAgent
from sipagent.agents.tools import FunctionTool

from .models import Agent, Dialplan
from .plans import Plan
from .variables import filled, has_variables


def build_agents(
    plan: Plan,
    builtins: Mapping[str, FunctionTool],
    *,
    embedded: bool = False,
    version: str = "",
) -> tuple[RealtimeAgent, ...]:
    """Return the agents, the one that answers first.

    Args:
        plan: Checked, so that every name in it exists.
        builtins: Tools that need no ``[[tools]]``, by name.
        embedded: Whether the session goes to the embedded engine, whose prompts are scripts.
        version: Of the scripts; ``""``: the newest.
    """
    tools = {**builtins, **plan.tools}
    made = {
        agent.name: RealtimeAgent(
            name=agent.name,
            instructions=_instructions(agent),
            tools=[tools[name] for name in agent.tools],
            handoff_description=agent.handoff_description,
            voice=agent.voice,
            output_guardrails=[plan.guardrails[name] for name in agent.guardrails],
            prompt=_prompt(plan.dialplan, agent, embedded=embedded, version=version),
        )
        for agent in plan.dialplan.agents
    }
    for agent in plan.dialplan.agents:
        made[agent.name].handoffs = [made[name] for name in agent.handoffs]
    return tuple(made.values())


def _instructions(agent: Agent) -> str | Instructions:
    """Return what the agent is told; with what the call is about in its place."""
    text = agent.instructions
    if not has_variables(text):
        return text
    own = {"agent": agent.name}
    return lambda context, _: filled(text, {**getattr(context, "words", {}), **own})


def script_prompt(script: str, agent: str, version: str) -> dict[str, object]:
    """Return how a session of the embedded engine names a script (Realtime: ``prompt``)."""
    versioned = {"version": version} if version else {}
    return {"id": script, **versioned, "variables": {"agent": agent}}


def _prompt(
    dialplan: Dialplan, agent: Agent, *, embedded: bool, version: str
) -> dict[str, object] | None:
    session = dialplan.session
    if embedded and session.script is not None:
        return script_prompt(session.script, agent.name, version)
    if not embedded and session.prompt_id is not None:
        return {"id": session.prompt_id}
    return None
