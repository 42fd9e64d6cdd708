"""Hooks of a runner: what they hear of all its agents."""

from __future__ import annotations

from typing import Any

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.runner import Runner
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.tools import function_tool

from .scripted_model import Provider, ScriptedModel, call, message


def ring() -> str:
    """Ring."""
    return "rang"


class Heard(AgentHooks):
    """Notes what it hears."""

    def __init__(self, name: str, heard: list[str]) -> None:
        self._name, self._heard = name, heard

    def _note(self, *words: str) -> None:
        self._heard.append(" ".join((self._name, *words)))

    async def on_start(self, context: Any, agent: Any) -> None:
        self._note("start", agent.name)

    async def on_end(self, context: Any, agent: Any, output: Any) -> None:
        self._note("end", agent.name, output)

    async def on_handoff(self, context: Any, agent: Any, source: Any) -> None:
        self._note("handoff", source.name, agent.name)

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        self._note("tool", agent.name, tool.name)

    async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: str) -> None:
        self._note("tool end", agent.name, result)


async def test_a_runners_hooks_hear_of_all_agents_before_their_own_do() -> None:
    heard: list[str] = []
    billing = Agent("Billing", hooks=Heard("own", heard))
    desk = Agent("Desk", tools=[function_tool(ring)], handoffs=[billing])
    model = ScriptedModel([call("ring")], [call("transfer_to_Billing")], [message("Bye")])
    runner = Runner(Provider(model), model="m", hooks=Heard("all", heard))
    await runner.run_to_end(desk, "Go")
    assert heard == [
        "all start Desk",
        "all tool Desk ring",
        "all tool end Desk rang",
        "all handoff Desk Billing",
        "own handoff Desk Billing",
        "all start Billing",
        "own start Billing",
        "all end Billing Bye",
        "own end Billing Bye",
    ]


async def test_a_runners_hook_that_raises_keeps_no_agents_from_hearing() -> None:
    class Broken(AgentHooks):
        async def on_start(self, context: Any, agent: Any) -> None:
            raise KeyError("mine")

    heard: list[str] = []
    runner = Runner(Provider(ScriptedModel([message("Bye")])), model="m", hooks=Broken())
    run = await runner.run_to_end(Agent("Desk", hooks=Heard("own", heard)), "Go")
    assert (run.final_output, heard[0]) == ("Bye", "own start Desk")
