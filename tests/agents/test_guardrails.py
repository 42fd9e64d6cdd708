"""Running output guardrails."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import (
    GuardrailResult,
    OutputGuardrail,
    merged_guardrails,
    run_guardrails,
)

AGENT = RealtimeAgent("Reception")
FINE, TRIPPED = GuardrailResult(False), GuardrailResult(True, {"word": "darn"})


def polite(context: Any, agent: RealtimeAgent, agent_output: str) -> GuardrailResult:
    return TRIPPED if "darn" in agent_output else FINE


async def test_a_guardrail_is_told_context_agent_and_text() -> None:
    told: list[object] = []

    async def note(context: Any, agent: RealtimeAgent, agent_output: str) -> GuardrailResult:
        told.extend([context, agent, agent_output])
        return FINE

    await run_guardrails([OutputGuardrail("note", note)], "the call", AGENT, "Hello.")
    assert told == ["the call", AGENT, "Hello."]


async def test_every_guardrail_answers_in_its_place() -> None:
    async def nothing(context: Any, agent: RealtimeAgent, agent_output: str) -> GuardrailResult:
        return FINE

    guardrails = [OutputGuardrail("nothing", nothing), OutputGuardrail("polite", polite)]
    runs = await run_guardrails(guardrails, None, AGENT, "darn it")
    assert [(run.guardrail, run.result, run.error) for run in runs] == [
        (guardrails[0], FINE, None),
        (guardrails[1], TRIPPED, None),
    ]


async def test_no_guardrails_say_nothing() -> None:
    assert await run_guardrails([], None, AGENT, "Hello.") == []


async def cancels(*_: Any) -> GuardrailResult:
    raise asyncio.CancelledError


def returns_nothing(*_: Any) -> Any:
    return None


def raises(error: BaseException) -> Any:
    def fail(*_: Any) -> GuardrailResult:
        raise error

    return fail


@pytest.mark.parametrize(
    "breaks",
    [raises(OSError()), raises(SystemExit()), raises(StopIteration()), cancels, returns_nothing],
)
async def test_one_that_breaks_is_reported_and_the_others_answer(breaks: Any) -> None:
    guardrails = [OutputGuardrail("breaks", breaks), OutputGuardrail("polite", polite)]
    broken, other = await run_guardrails(guardrails, None, AGENT, "darn it")
    assert broken.result is None
    assert isinstance(broken.error, Exception)
    assert other.result == TRIPPED


async def test_guardrails_run_at_once_plain_ones_too() -> None:
    meet = threading.Barrier(2, timeout=5)

    def wait(*_: Any) -> GuardrailResult:
        meet.wait()
        return FINE

    runs = await run_guardrails([OutputGuardrail(name, wait) for name in "ab"], None, AGENT, "")
    assert [run.result for run in runs] == [FINE, FINE]


async def test_cancelling_the_run_cancels_the_guardrails() -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def wait(*_: Any) -> GuardrailResult:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return FINE

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(
            run_guardrails([OutputGuardrail("wait", wait)], None, AGENT, "")
        )
        await started.wait()
        running.cancel()
    assert running.cancelled()
    assert ended.is_set()


def test_the_policy_hint_is_the_name_unless_there_is_one() -> None:
    assert OutputGuardrail("polite", polite).policy_hint == "polite"
    assert OutputGuardrail("polite", polite, "Be polite.").policy_hint == "Be polite."


def test_a_guardrail_of_agent_and_session_runs_once_and_its_double_again() -> None:
    one, double = OutputGuardrail("polite", polite), OutputGuardrail("polite", polite)
    assert merged_guardrails([one], [double, one]) == (one, double)
