"""Runs within a run: an agent that is another agent's tool.

A nested run that waits for somebody's word has the outer one wait: its questions are the outer
run's, and so are the answers. What it did until then is kept with the outer run's state.

    resource       acquired    released                           on failure
    a nested run   ``outcome`` its end, a pause, or ``stop``      the tool's error, for the model
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from sipagent.agents.tool_context import ToolContext, ToolOutcome

from .agent import AgentTool
from .state import RunState
from .stream import RunStream
from .turn import Call

BeginRun: TypeAlias = Callable[[RunState], RunStream]
"""Begins a run, or goes on with one."""


class NestedRuns:
    """Carry out the calls of agents that are tools.

    Args:
        state: Of the outer run; keeps those that pause.
        begin: Of the runner.
    """

    def __init__(self, state: RunState, begin: BeginRun) -> None:
        self._state, self._begin = state, begin
        self._streams: set[RunStream] = set()

    def stop(self) -> None:
        """Stop them; they go on when the outer run does."""
        for stream in list(self._streams):
            stream.cancel()

    async def outcome(
        self, tool: AgentTool, call: Call, context: ToolContext
    ) -> ToolOutcome | None:
        """Return what became of a call, None if the agent waits for somebody's word or was stopped.

        Cancelling it stops the agent.
        """
        inner, failure = self._state.nested.get(call.call_id), None
        if inner is None:
            rejected = await tool.rejected_input(context, call.arguments)
            if rejected is not None:
                return rejected
        try:
            if inner is None:
                given, most = tool.given(call.arguments), tool.max_turns
                inner = RunState(tool.agent, given, context=self._state.context, max_turns=most)
            await self._go(inner)
        except Exception as error:
            failure = error
        if failure is None and inner is not None and not inner.is_finished:
            self._state.nested[call.call_id] = inner
            return None
        self._state.nested.pop(call.call_id, None)
        self._state.spend(inner.usage if inner is not None else {})

        async def result() -> object:
            if failure is not None:
                raise failure
            assert inner is not None
            return await tool.said(inner.final_output)

        return await tool.outcome_of(context, result)

    async def _go(self, inner: RunState) -> None:
        inner.context = self._state.context
        inner.decisions.share(self._state.decisions)
        stream = self._begin(inner)
        self._streams.add(stream)
        try:
            await stream.completed()
        except asyncio.CancelledError:
            stream.cancel()
            raise
        finally:
            self._streams.discard(stream)
