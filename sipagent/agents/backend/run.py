"""Carries out a run: asks the model, runs what it calls, and so on until something ends it.

What comes next is decided by ``turn``; here it is done.

    resource              acquired   released                      on failure
    the model's response  a turn     its end, or that of the run   the run's error
    guardrails' tasks     ``_ask``   with the response             the run's error

A run is added to its session before it counts as done: if that fails it can be gone on with, and
is added then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any, assert_never

from sipagent.agents.callbacks import settled
from sipagent.agents.guardrails import merged_guardrails
from sipagent.agents.handoffs import IGNORED_HANDOFF
from sipagent.agents.hooks import AgentHooks
from sipagent.errors import (
    BackendError,
    MaxTurnsExceeded,
    ModelBehaviorError,
    ModelRefusalError,
)

from .agent import Agent, StopAtTools, ToolResult, ToolsVerdict, ToolUseBehavior
from .asking import asked, model_of, model_request
from .events import AgentUpdatedStreamEvent, RunItemStreamEvent
from .grouping import together
from .guardrails import InputGuardrail, check
from .items import EVENT_NAMES, message_text, output_item, refusal_in
from .model import Json, ModelProvider
from .model_input import filtered
from .nested_runs import BeginRun
from .options import Answer, ErrorKind, RunnerOptions
from .output_form import OutputForm
from .questions import blocked, undecided
from .resolving import ReadyAgent, ready
from .state import RunState
from .stream import RunStream
from .tool_runs import ToolRuns, hooked
from .turn import (
    AnswerUnknown,
    AskModel,
    Call,
    Finish,
    HandOver,
    Pause,
    RunTools,
    Turn,
    UseResults,
)

log = logging.getLogger(__name__)


class Run:
    """Bring one run to its end, or to where somebody must decide.

    Args:
        state: Where it begins, mutated as it goes.
        stream: Told of it.
        provider: Knows the models.
        model: For agents that name none.
        options: Of the runner.
        begin: Of the runner, for agents that are tools.
    """

    def __init__(
        self,
        state: RunState,
        stream: RunStream,
        provider: ModelProvider,
        model: str,
        options: RunnerOptions,
        begin: BeginRun,
    ) -> None:
        self._state, self._stream = state, stream
        self._provider, self._model, self._options = provider, model, options
        self._tools = ToolRuns(state, stream, options, begin)
        self._is_agent_new = state.current_turn == 0
        self._is_adding = False

    def stop_at_once(self, task: asyncio.Task[None]) -> None:
        """Stop: tools that run may finish, everything else of ``task`` is cancelled.

        What is being added to the session is: half-known, it might be added again.
        """
        if self._tools.is_busy:
            self._tools.stop()
        elif not self._is_adding:
            task.cancel()

    async def go(self) -> None:
        """Go on until the run is over or pauses. Cancelling it leaves the run where it is.

        Raises:
            BackendError: See there; the state can be gone on with.
            ToolError: If a tool fails that is declared to tell the model nothing.
            Exception: Whatever instructions, prompts, filters, error handlers and the session
                raise.
        """
        state = self._state
        await state.past.look()
        agent = None if state.turn is None else await ready(state.agent, state.context)
        while self._stream.cancel_mode != "immediate":
            if state.turn is not None and agent is not None:
                if await self._has_ended(state.turn, agent):
                    return
            elif self._stream.cancel_mode == "after_turn":
                self._stream.was_stopped = True
                return
            elif await self._is_one_too_many():
                return
            else:
                agent = await ready(state.agent, state.context)
                await self._ask(agent)

    async def _has_ended(self, turn: Turn, agent: ReadyAgent) -> bool:
        """Do what comes next in ``turn``; return whether the run is over, or pauses."""
        match turn.next(agent, self._state.decisions, blocked(self._state)):
            case AnswerUnknown(calls):
                self._answer_unknown(turn, calls)
            case RunTools(calls):
                await self._tools.run(turn, calls)
            case HandOver() as step:
                await self._hand_over(turn, step)
            case AskModel():
                self._state.close_turn()
            case UseResults(results):
                return await self._is_final(results)
            case Pause():
                for item in undecided(self._state):
                    self._stream.tell(RunItemStreamEvent("tool_approval_requested", item))
                return True
            case Finish(message):
                await self._finish(message or {})
                return True
            case unexpected:
                assert_never(unexpected)
        return False

    async def _ask(self, agent: ReadyAgent) -> None:
        """Begin a turn: ask the model, and guardrails what the run was given."""
        state, context = self._state, self._state.context
        if self._is_agent_new:
            self._is_agent_new = False
            await hooked(self._hooks(agent.agent), AgentHooks.on_start, context, agent.agent)
        model, name = model_of(agent, self._provider, self._model)
        request = model_request(state, agent, name, self._options.model_settings)
        guardrails = [*agent.agent.input_guardrails, *self._options.input_guardrails]
        if state.is_input_checked:
            guardrails = []
        await self._check_input(each for each in guardrails if not each.run_in_parallel)
        model_filter = self._options.call_model_input_filter
        request = await filtered(request, model_filter, context, agent.agent)
        async with together() as group:
            asking = group.create_task(asked(model, request, self._stream), name="model")
            await self._check_input(each for each in guardrails if each.run_in_parallel)
        state.is_input_checked = True
        for item in state.responded(asking.result(), agent):
            if item.type in EVENT_NAMES:
                self._stream.tell(RunItemStreamEvent(EVENT_NAMES[item.type], item))

    async def _check_input(self, guardrails: Iterable[InputGuardrail]) -> None:
        state, reports = self._state, self._stream.input_guardrail_results
        await check(tuple(guardrails), state.context, state.agent, state.given, reports)

    def _answer_unknown(self, turn: Turn, calls: Iterable[Call]) -> None:
        for call in calls:
            log.warning("! the model called a tool it does not have: %s", call.name[:64])
            if self._options.tool_not_found_behavior == "raise_error":
                raise ModelBehaviorError(f"Tool {call.name[:64]!r} not found.")
            self._tools.answer(turn, call, f"Tool '{call.name}' not found.")

    async def _hand_over(self, turn: Turn, step: HandOver) -> None:
        source, target = self._state.agent, step.handoff.agent
        outcome = await self._tools.hand_over(step.call, step.handoff)
        if outcome.has_failed:
            self._tools.answer(turn, step.call, outcome.output)
        else:
            item = output_item(step.call.call_id, outcome.output, source, target=target)
            turn.answers[step.call.call_id] = item
            self._stream.tell(RunItemStreamEvent("handoff_occurred", item))
        for call in step.ignored:
            self._tools.answer(turn, call, IGNORED_HANDOFF)
        if outcome.has_failed:
            return
        self._state.close_turn()
        self._state.agent, self._is_agent_new = target, True
        self._stream.tell(AgentUpdatedStreamEvent(target))
        hooks, context = self._hooks(target), self._state.context
        await hooked(hooks, AgentHooks.on_handoff, context, target, source)

    async def _is_final(self, results: Sequence[ToolResult]) -> bool:
        """Return whether the tools have answered for the agent; the run is over then."""
        verdict = await tools_verdict(
            self._state.agent.tool_use_behavior, self._state.context, results
        )
        if not verdict.is_final_output:
            self._state.close_turn()
            return False
        await self._conclude(verdict.final_output)
        return True

    async def _finish(self, message: Json) -> None:
        """End the run with what the model said, or with what is supplied in its place."""
        refusal = refusal_in(message)
        try:
            if refusal is not None:
                raise ModelRefusalError(refusal)
            output = OutputForm.of(self._state.agent.output_type).parse(message_text(message))
        except ModelRefusalError as error:
            output = await self._supplied("model_refusal", error)
        except ModelBehaviorError as error:
            output = await self._supplied("invalid_final_output", error)
        await self._conclude(output)

    async def _is_one_too_many(self) -> bool:
        try:
            self._state.begin_turn()
        except MaxTurnsExceeded as error:
            await self._conclude(await self._supplied("max_turns", error))
            return True
        return False

    async def _supplied(self, kind: ErrorKind, error: BackendError) -> Any:
        """Return the final output that a handler supplies.

        Raises:
            BackendError: ``error``, if none does.
        """
        handler = self._options.error_handlers.get(kind)
        answer = None if handler is None else await settled(handler(error, self._state))
        if not isinstance(answer, Answer):
            raise error
        return answer.final_output

    async def _conclude(self, output: Any) -> None:
        """End the run with ``output``, if the guardrails let it out."""
        agent, context = self._state.agent, self._state.context
        guardrails = merged_guardrails(agent.output_guardrails, self._options.output_guardrails)
        reports = self._stream.output_guardrail_results
        await check(guardrails, context, agent, output, reports)
        await self._add_to_session()
        self._state.finish(output)
        await hooked(self._hooks(agent), AgentHooks.on_end, context, agent, output)

    async def _add_to_session(self) -> None:
        session = self._state.past.session
        if session is None:
            return
        self._is_adding = True
        try:
            await session.add(self._state.additions)
        finally:
            self._is_adding = False

    def _hooks(self, agent: Agent) -> tuple[AgentHooks | None, ...]:
        return self._options.hooks, agent.hooks


async def tools_verdict(
    behavior: ToolUseBehavior, context: Any, results: Sequence[ToolResult]
) -> ToolsVerdict:
    """Return whether ``results`` are the final output.

    Raises:
        TypeError: If the agent's own function does not say.
    """
    if behavior == "run_llm_again":
        return ToolsVerdict(False)
    if behavior == "stop_on_first_tool":
        return ToolsVerdict(True, results[0].output)
    if isinstance(behavior, StopAtTools):
        last = next((each for each in results if each.tool.name in behavior.names), None)
        return ToolsVerdict(last is not None, last.output if last is not None else None)
    assert callable(behavior)
    verdict = await settled(behavior(context, results))
    if not isinstance(verdict, ToolsVerdict):
        raise TypeError("a tool_use_behavior returned no ToolsVerdict")
    return verdict
