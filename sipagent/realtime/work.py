"""Carries out what a core hands out: tools, handoffs, guardrails. Each comes back to its core.

Nothing that happens here ends a session: a tool's failure is a text, a guardrail's an error event.
The core in use may be another one when a tool has ended; it is asked for anew after every wait.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.callbacks import is_cancelled, raised
from sipagent.agents.guardrails import GuardrailRun, run_guardrails
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.resolving import ResolvedAgent, resolve
from sipagent.agents.tool_errors import DEFAULT_ERROR
from sipagent.agents.tools import ToolContext, ToolOutcome

from .core import SessionCore
from .options import SessionOptions
from .outbox import OutputCheck, Work
from .tool_calls import HandoffCall, ToolCall

log = logging.getLogger(__name__)


class Place(Protocol):
    """Where work is done."""

    async def core(self) -> SessionCore:
        """Return who takes results now."""

    async def flush(self) -> None:
        """Send and tell what the core has to say by now."""


class WorkRunner:
    """Run one piece of work after another, or all at once.

    Args:
        options: Of the session.
        context: Handed to tools, guardrails and whoever decides on a tool.
        now: The loop's clock.
    """

    def __init__(
        self,
        options: SessionOptions,
        context: Any,
        now: Callable[[], float],
    ) -> None:
        self._options, self._context, self._now = options, context, now
        self._one_by_one = asyncio.Lock()

    async def run(self, place: Place, work: Work) -> None:
        """Do ``work`` and give the result to the core.

        Args:
            place: Knows the core; to be flushed once more when all is done.
            work: What is to be done.

        Raises:
            SessionLost: By ``place``.
        """
        match work:
            case ToolCall() if self._options.async_tool_calls:
                await self._tool(place, work)
            case ToolCall():
                async with self._one_by_one:
                    await self._tool(place, work)
            case HandoffCall():
                await self._handoff(place, work)
            case OutputCheck():
                await self._check(place, work)

    def _tool_context(self, core: SessionCore, call: ToolCall | HandoffCall) -> ToolContext:
        usage = core.usage
        return ToolContext(
            self._context,
            call.tool_call_id,
            call.agent.agent.name,
            call.name if isinstance(call, ToolCall) else call.handoff.tool_name,
            call.arguments,
            call.agent.agent,
            core.history.snapshot(),
            {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
        )

    async def _tool(self, place: Place, call: ToolCall) -> None:
        context = self._tool_context(await place.core(), call)
        tool = call.tool
        if not call.is_approved and await tool.is_approval_needed(context, call.arguments):
            rejected = None
            if self._options.pre_approval_input_guardrails:
                rejected = await tool.rejected_input(context, call.arguments)
            core = await place.core()
            if rejected is None:
                core.tools.approval_needed(call, now=self._now())
            else:
                core.tools.started(call, now=self._now())
                core.tools.ended(call, rejected, duration_s=0.0, now=self._now())
            return
        started_at = self._now()
        (await place.core()).tools.started(call, now=started_at)
        await place.flush()
        hooks = call.agent.agent.hooks
        try:
            await _called(hooks, AgentHooks.on_tool_start, context, call.agent.agent, tool)
            outcome = await tool.run(context, call.arguments)
        except asyncio.CancelledError:
            context.cancel()
            raise
        if is_cancelled():  # the tool took no notice: nobody waits for what it says
            return
        now = self._now()
        core = await place.core()
        core.tools.ended(call, outcome, duration_s=now - started_at, now=now)
        await place.flush()
        await _called(
            hooks, AgentHooks.on_tool_end, context, call.agent.agent, tool, outcome.output
        )

    async def _handoff(self, place: Place, call: HandoffCall) -> None:
        context = self._tool_context(await place.core(), call)
        outcome = await call.handoff.run(context, call.arguments)
        target: ResolvedAgent | None = None
        if not outcome.has_failed:
            target, outcome = await self._resolved(call.handoff.agent, outcome)
        (await place.core()).handed_over(call, target, outcome, now=self._now())
        if target is not None:
            agent = target.agent
            await _called(
                agent.hooks, AgentHooks.on_handoff, self._context, agent, call.agent.agent
            )

    async def _resolved(
        self, agent: RealtimeAgent, outcome: ToolOutcome
    ) -> tuple[ResolvedAgent | None, ToolOutcome]:
        try:
            return await resolve(agent, self._context), outcome
        except BaseException as raw:
            return None, ToolOutcome(DEFAULT_ERROR, has_failed=True, error=raised(raw))

    async def _check(self, place: Place, work: OutputCheck) -> None:
        core = await place.core()
        runs: list[GuardrailRun] = []
        try:
            runs = await run_guardrails(work.guardrails, self._context, work.agent, work.check.text)
            core = await place.core()
        finally:  # every check comes back, a cancelled one too
            core.checked(work, runs, now=self._now())


async def _called(hooks: AgentHooks | None, hook: Callable[..., Any], *arguments: Any) -> None:
    """Call a hook of an agent; what it raises is its own trouble."""
    if hooks is None:
        return
    try:
        await getattr(hooks, hook.__name__)(*arguments)
    except BaseException as raw:
        log.warning("! a hook raised %s", type(raised(raw)).__name__)
