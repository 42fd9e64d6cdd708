"""Runs text agents: in the background, told by a stream, to be stopped, saved and gone on with.

resource       acquired   released                      on failure
a run's task   ``run``    its end, or ``cancel``        the stream's error
the provider   the owner  the owner                     -
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sipagent.agents.guardrails import OutputGuardrail
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.rejections import ToolErrorFormatter
from sipagent.errors import ConfigError, RunStateError

from .agent import Agent
from .guardrails import InputGuardrail
from .model import Json, ModelProvider
from .model_input import ModelInputFilter
from .options import ErrorHandler, ErrorKind, RunnerOptions
from .past import Past
from .run import Run
from .session import ConversationSession
from .state import RunState
from .stream import RunStream
from .turn import ToolNotFoundBehavior

__all__ = ["RunState", "RunStream", "Runner"]


class Runner:
    """Run agents over the models of one provider.

    Args:
        provider: Stays its owner's, who closes it.
        model: For agents that name none.
        model_settings: Of every request; an agent's own go before.
        input_guardrails: Besides those of the agent a run begins with.
        output_guardrails: Besides those of the agent that ends it.
        tool_error_formatter: Words a rejection that has no message of its own.
        error_handlers: May supply a final output in place of an error.
        tool_not_found_behavior: What becomes of a call of what there is not.
        max_tool_concurrency: How many tools of a turn run at once; None: all.
        pre_approval_input_guardrails: Whether a tool's input guardrails are asked before a person
            is, and once more afterwards.
        call_model_input_filter: May change what one request tells the model.
        hooks: Hear of all agents, before their own hooks do.

    Raises:
        ConfigError: If ``max_tool_concurrency`` is below 1.
    """

    def __init__(
        self,
        provider: ModelProvider,
        *,
        model: str = "",
        model_settings: Mapping[str, Any] | None = None,
        input_guardrails: Sequence[InputGuardrail] = (),
        output_guardrails: Sequence[OutputGuardrail] = (),
        tool_error_formatter: ToolErrorFormatter | None = None,
        error_handlers: Mapping[ErrorKind, ErrorHandler] | None = None,
        tool_not_found_behavior: ToolNotFoundBehavior = "raise_error",
        max_tool_concurrency: int | None = None,
        pre_approval_input_guardrails: bool = False,
        call_model_input_filter: ModelInputFilter | None = None,
        hooks: AgentHooks | None = None,
    ) -> None:
        self._provider, self._model = provider, model
        self._options = RunnerOptions(
            dict(model_settings or {}),
            tuple(input_guardrails),
            tuple(output_guardrails),
            tool_error_formatter,
            dict(error_handlers or {}),
            tool_not_found_behavior,
            max_tool_concurrency,
            pre_approval_input_guardrails,
            call_model_input_filter,
            hooks,
        )
        self._running: dict[asyncio.Task[None], RunState] = {}

    def run(
        self,
        agent: Agent,
        input: str | Sequence[Json] | RunState,
        *,
        context: Any = None,
        max_turns: int | None = 10,
        previous_response_id: str = "",
        conversation_id: str = "",
        session: ConversationSession | None = None,
    ) -> RunStream:
        """Begin a run and return at once.

        Args:
            agent: Answers. A run that is gone on with goes on with its own.
            input: A text, items of the wire, or the state of a run that paused or was cancelled,
                which goes on where it stands: pending tools first, its turns counted.
            context: Handed to tools, guardrails, hooks and instructions. None: that of the state.
            max_turns: How often the model may be asked; None: as often as it likes. A state has
                its own.
            previous_response_id: Of the last run, at an endpoint that keeps responses, or
            conversation_id: of a conversation kept there; only what is new is sent, or
            session: of a conversation kept here. The run begins after its items, and is added to
                them when it is done. A state has its own, but for one made from text, which needs
                it again.

        Raises:
            ConfigError: If two pasts are given, ``max_turns`` is below 1, or a state's session is
                missing.
            RunStateError: If the state's run is going on, or over, or another run of this runner
                is going on over the session.
        """
        if not isinstance(input, RunState):
            past = Past(
                previous_response_id=previous_response_id,
                conversation_id=conversation_id,
                session=session,
            )
            state = RunState(agent, input, context=context, max_turns=max_turns, past=past)
        elif previous_response_id or conversation_id:
            raise ConfigError("the state of a run has its own past at the endpoint")
        else:
            state = _resumable(input)
            state.past.go_on_over(session)
            state.context = context if context is not None else state.context
        return self._begin(state)

    async def run_to_end(
        self,
        agent: Agent,
        input: str | Sequence[Json] | RunState,
        *,
        context: Any = None,
        max_turns: int | None = 10,
        previous_response_id: str = "",
        conversation_id: str = "",
        session: ConversationSession | None = None,
    ) -> RunStream:
        """Run until the end, or a pause. Cancelling it cancels the run.

        Raises:
            Exception: What :meth:`run` raises, or the run's error.
        """
        stream = self.run(
            agent,
            input,
            context=context,
            max_turns=max_turns,
            previous_response_id=previous_response_id,
            conversation_id=conversation_id,
            session=session,
        )
        try:
            await stream.completed()
        except asyncio.CancelledError:
            stream.cancel()
            raise
        return stream

    def _begin(self, state: RunState) -> RunStream:
        session = state.past.session
        if session is not None and self._is_used(session):
            raise RunStateError("another run is going on over the session")
        stream = RunStream(state)
        run = Run(state, stream, self._provider, self._model, self._options, self._begin)
        state.is_running = True
        task = asyncio.get_running_loop().create_task(run.go(), name=f"run {state.agent.name}")
        self._running[task] = state  # the loop alone would not keep it

        def ended(task: asyncio.Task[None]) -> None:
            del self._running[task]
            state.is_running = False
            was_stopped = stream.was_stopped or task.cancelled()
            stream.was_stopped = was_stopped and not state.is_finished
            stream.end(None if task.cancelled() else task.exception())

        task.add_done_callback(ended)
        stream.begin(lambda: run.stop_at_once(task))
        return stream

    def _is_used(self, session: ConversationSession) -> bool:
        # The second would not know what the first is about to add.
        return any(state.past.session == session for state in self._running.values())


def _resumable(state: RunState) -> RunState:
    if state.is_running:
        raise RunStateError("the run is going on")
    if state.is_finished:
        raise RunStateError("the run is over")
    return state
