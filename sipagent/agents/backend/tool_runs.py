"""Runs the tools of a turn at once, and finds which of them somebody must approve first.

All that began come to their end, whatever becomes of the others, and of the run: what a tool did
must be known, or it would be done again when the run goes on.

    resource        acquired    released                      on failure
    a tool's task   ``run``     its end, awaited by ``run``   the first error, when all are done
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any

from sipagent.agents.callbacks import raised
from sipagent.agents.handoffs import Handoff
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.rejections import rejection_text
from sipagent.agents.tool_context import ToolContext, ToolOutcome
from sipagent.agents.tool_errors import DEFAULT_ERROR
from sipagent.agents.tools import FunctionTool
from sipagent.errors import ToolError

from .agent import AgentTool
from .events import RunItemStreamEvent
from .items import output_item
from .nested_runs import BeginRun, NestedRuns
from .options import RunnerOptions
from .state import RunState
from .stream import RunStream
from .turn import Call, Turn

log = logging.getLogger(__name__)


class ToolRuns:
    """Carry out the calls of a run.

    Args:
        state: Of the run; gets the answers.
        stream: Told of them.
        options: Of the runner.
        begin: Of the runner, for agents that are tools.
    """

    def __init__(
        self, state: RunState, stream: RunStream, options: RunnerOptions, begin: BeginRun
    ) -> None:
        self._state, self._stream, self._options = state, stream, options
        self._nested = NestedRuns(state, begin)
        self._contexts: list[ToolContext] = []
        self.is_busy = False

    def stop(self) -> None:
        """Tell the tools that run that nobody waits for them; no other begins."""
        for context in self._contexts:
            context.cancel()
        self._nested.stop()

    async def run(self, turn: Turn, calls: Sequence[tuple[Call, FunctionTool]]) -> None:
        """Run ``calls``, or note in ``turn`` that somebody must decide on them.

        Cancelling it cancels the tools.

        Raises:
            ToolError: If a tool fails that is declared to tell the model nothing of it.
        """
        limit = self._options.max_tool_concurrency
        gate = asyncio.Semaphore(limit) if limit is not None else nullcontext()
        self.is_busy = True
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._run(turn, call, tool, gate), name=f"tool {tool.name}")
                    for call, tool in calls
                ]
        finally:
            self.is_busy = False
            self._contexts.clear()
        errors = [error for task in tasks if (error := task.result()) is not None]
        if errors:
            raise errors[0]

    async def hand_over(self, call: Call, handoff: Handoff) -> ToolOutcome:
        """Call what the handoff's owner wants called. Cancelling it cancels that."""
        return await handoff.run(self._context(call), call.arguments)

    async def _run(self, turn: Turn, call: Call, tool: FunctionTool, gate: Any) -> ToolError | None:
        async with gate:
            if self._stream.cancel_mode == "immediate":
                return None
            context = self._context(call)
            self._contexts.append(context)
            outcome = await self._outcome(turn, call, tool, context)
        if outcome is None:
            return None
        if not outcome.is_sent:
            return _told(tool, outcome.error)
        self.answer(turn, call, outcome.output)
        return None

    def answer(self, turn: Turn, call: Call, output: str) -> None:
        """Note what the model is told of ``call``."""
        item = output_item(call.call_id, output, self._state.agent)
        turn.answers[call.call_id] = item
        self._stream.tell(RunItemStreamEvent("tool_output", item))

    async def _outcome(
        self, turn: Turn, call: Call, tool: FunctionTool, context: ToolContext
    ) -> ToolOutcome | None:
        """Return what became of a call, None if it waits for somebody's word."""
        has_begun = call.call_id in self._state.nested
        is_asked = call.call_id in turn.asked
        if not has_begun and (is_asked or await tool.is_approval_needed(context, call.arguments)):
            decision = self._state.decisions.of(call.call_id, context.agent_name, tool.name)
            if decision is None:
                return await self._asked(turn, call, tool, context)
            if not decision.is_approved:
                return ToolOutcome(self._rejection(call, decision.message))
        agent = self._state.agent
        hooks = (self._options.hooks, agent.hooks)
        if not has_begun:
            await hooked(hooks, AgentHooks.on_tool_start, context, agent, tool)
        if isinstance(tool, AgentTool):
            nested = await self._nested.outcome(tool, call, context)
            if nested is None:
                return None
            outcome = nested
        else:
            outcome = await tool.run(context, call.arguments)
        await hooked(hooks, AgentHooks.on_tool_end, context, agent, tool, outcome.output)
        return outcome

    async def _asked(
        self, turn: Turn, call: Call, tool: FunctionTool, context: ToolContext
    ) -> ToolOutcome | None:
        """Note that somebody must decide on a call, unless a guardrail objects to it at once."""
        if self._options.pre_approval_input_guardrails:
            rejected = await tool.rejected_input(context, call.arguments)
            if rejected is not None:
                return rejected
        turn.asked.add(call.call_id)
        return None

    def _rejection(self, call: Call, message: str | None) -> str:
        return rejection_text(
            message,
            self._options.tool_error_formatter,
            tool_name=call.name,
            tool_call_id=call.call_id,
            context=self._state.context,
        )

    def _context(self, call: Call) -> ToolContext:
        state = self._state
        return ToolContext(
            state.context,
            call.call_id,
            state.agent.name,
            call.name,
            call.arguments,
            state.agent,
            state.history,
            state.usage,
        )


async def hooked(
    listeners: Iterable[AgentHooks | None], hook: Callable[..., Any], *arguments: Any
) -> None:
    """Call a hook of the runner and of an agent; what one raises is its own trouble."""
    for hooks in listeners:
        if hooks is None:
            continue
        try:
            await getattr(hooks, hook.__name__)(*arguments)
        except BaseException as raw:
            log.warning("! a hook raised %s", type(raised(raw)).__name__)


def _told(tool: FunctionTool, error: Exception | None) -> ToolError:
    if isinstance(error, ToolError):
        return error
    failed = ToolError(f"tool {tool.name} failed", spoken=DEFAULT_ERROR)
    failed.__cause__ = error
    return failed
