"""Delegations of one call: its backend agent works in writing while the two go on talking.

One at a time: whoever asks meanwhile is told so. It ends when the caller says something, unless the
plan lets it go on, and when the tool that asked is cancelled with its session or its call. Whatever
goes wrong is a sentence.

| resource | acquired           | released            | on failure                              |
|----------|--------------------|---------------------|-----------------------------------------|
| provider | first delegation   | ``close``           | logged; the next one says it is no use  |
| run      | ``ask``            | its end, ``ask``    | a sentence for the caller               |
| question | a pause of the run | verdict, time limit | rejected                                |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sipagent.agents.tools import ToolContext
from sipagent.errors import ModelBehaviorError, ModelRefusalError, SipAgentError
from sipagent.realtime import events as session_events
from sipagent.realtime.endpoint import Endpoint

from .delegation_approvals import MAX_ARGUMENTS_CHARS, Approver, Question, Verdict
from .delegation_text import (
    INTERRUPTED,
    NO_ANSWER,
    NOT_APPROVED,
    STILL_WORKING,
    TOO_LONG_TO_APPROVE,
    TOO_SLOW,
    UNREACHABLE,
    answer_text,
    backend_input,
)
from .inbox import Inbox
from .part import CallPart
from .setup import CallSetup

if TYPE_CHECKING:
    from sipagent.agents.backend.agent import Agent
    from sipagent.agents.backend.model import ModelProvider
    from sipagent.agents.backend.runner import Runner, RunState, RunStream

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackendRun:
    """What the delegations of one call run on; calls do not wait for each other."""

    agent: Agent
    runner: Runner
    provider: ModelProvider


def call_delegation(
    call_id: str, setup: CallSetup, endpoint: Endpoint, approver: Approver
) -> Delegation | None:
    """Return the delegations of a call, None if its plan has no backend agent.

    Args:
        call_id: Ours.
        setup: The call's share of its plan.
        endpoint: Where the speech model is; lends its address and its key.
        approver: Asked when a run pauses.
    """
    backend = setup.backend
    if backend is None:
        return None

    def start() -> BackendRun:
        # HTTP and WebSocket clients that most workers never need.
        from .delegation_runner import backend_run  # noqa: PLC0415

        return backend_run(backend, endpoint)

    return Delegation(
        call_id,
        setup.plan,
        timeout_s=backend.timeout_s,
        start=start,
        approver=approver,
        is_interruptible=backend.is_interruptible,
    )


class Delegation(CallPart):
    """Have the backend agent answer.

    Args:
        call_id: Ours.
        plan: Name of the call's plan.
        timeout_s: For a whole answer.
        start: Makes what runs are made on, once somebody delegates.
        approver: Asked when a run pauses.
        is_interruptible: Whether a run ends when the caller says something.
    """

    def __init__(
        self,
        call_id: str,
        plan: str,
        *,
        timeout_s: float,
        start: Callable[[], BackendRun],
        approver: Approver,
        is_interruptible: bool = True,
    ) -> None:
        super().__init__()
        self._call_id, self._plan = call_id, plan
        self._is_interruptible, self._is_interrupted = is_interruptible, False
        self._limit: asyncio.Timeout | None = None
        self._spoken: set[str] = set()
        """Turns of the caller that began since the run did."""
        self._timeout_s, self._start = timeout_s, start
        self._approver = approver
        self._backend: BackendRun | None = None
        self._is_busy = False
        self._is_asking = False

    async def ask(self, context: ToolContext, request: str) -> str:
        """Return what the voice agent is told. Cancelling it cancels the run."""
        if self._is_busy:
            return STILL_WORKING
        self._is_busy, self._is_interrupted = True, False
        self._spoken.clear()
        try:
            async with asyncio.timeout(self._timeout_s) as self._limit:
                return await self._answer(context, request)
        except TimeoutError:
            if self._is_interrupted:
                return INTERRUPTED
            log.warning("call=%s ! delegation: no answer in %g s", self._call_id, self._timeout_s)
            return NOT_APPROVED if self._is_asking else TOO_SLOW
        except (ModelBehaviorError, ModelRefusalError) as error:
            log.warning("call=%s ! delegation: %s", self._call_id, error)
            return NO_ANSWER
        except SipAgentError as error:
            log.warning("call=%s ! delegation: %s", self._call_id, error)
            return UNREACHABLE
        finally:
            self._is_busy = self._is_asking = False
            self._limit = None

    def handle(self, message: Inbox) -> None:
        """Act on what arrived at a call over a leg."""
        self.told(message)

    def told(self, event: object) -> None:
        """End the run if the caller has begun to speak since it began, and said something.

        A cough has no words, and the words of what led to the run may come late.
        """
        if self._limit is None or not self._is_interruptible:
            return
        match event:
            case session_events.SpeechStarted(item_id=item_id):
                self._spoken.add(item_id)
            case session_events.UserTranscript(item_id=item_id, text=text) if text.strip():
                if item_id in self._spoken:
                    self._is_interrupted = True
                    self._limit.reschedule(asyncio.get_running_loop().time())
            case _:
                pass

    async def close(self) -> Mapping[str, str]:
        """Let go of the provider; harmless without one."""
        backend, self._backend = self._backend, None
        if backend is not None:
            try:
                await backend.provider.close()
            except SipAgentError as error:
                log.debug("call=%s delegation: %s", self._call_id, error)
        return {}

    async def _answer(self, context: ToolContext, request: str) -> str:
        backend = self._backend = self._backend or self._start()
        given: list[dict[str, Any]] | RunState = backend_input(context.history, request)
        while True:
            stream = backend.runner.run(backend.agent, given, context=context.context)
            await _completed(stream)
            if not stream.interruptions:
                return answer_text(stream.final_output)
            given = stream.state
            await self._decide(given, stream.interruptions)

    async def _decide(self, state: RunState, items: Sequence[Any]) -> None:
        self._is_asking = True
        verdicts = await asyncio.gather(*(self._verdict(item) for item in items))
        self._is_asking = False
        for item, verdict in zip(items, verdicts, strict=True):
            if verdict.is_approved:
                state.approve(item)
            else:
                state.reject(item, message=verdict.message or None)

    async def _verdict(self, item: Any) -> Verdict:
        if len(item.arguments) > MAX_ARGUMENTS_CHARS:
            return Verdict(False, TOO_LONG_TO_APPROVE)
        question = Question(self._call_id, self._plan, item.agent.name, item.name, item.arguments)
        return await self._approver.ask(question)


async def _completed(stream: RunStream) -> None:
    """Wait for the end of a run, or of us: nobody else would stop it."""
    try:
        await stream.completed()
    except asyncio.CancelledError:
        stream.cancel()
        raise
