"""Guardrails of tools."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.agents.tool_errors import ToolGuardrailTripped
from sipagent.agents.tool_guardrails import Allow, Raise, RejectContent, ToolGuardrail, ToolVerdict
from sipagent.agents.tools import (
    BackgroundResult,
    FunctionTool,
    ToolContext,
    ToolOutcome,
    function_tool,
)

CONTEXT = ToolContext("the call", "call_1", "Reception")


class Guarded:
    """A tool and what was asked of its guardrails."""

    def __init__(self, before: Any = None, after: Any = None) -> None:
        self.asked: list[object] = []
        self.ran = 0
        self._verdicts = {"before": before or Allow(), "after": after or Allow()}

    def tool(self) -> FunctionTool:
        def refund(amount: int) -> str:
            """Refund."""
            self.ran += 1
            return f"refunded {amount}"

        return function_tool(
            refund,
            input_guardrails=[ToolGuardrail("before", self.before)],
            output_guardrails=[ToolGuardrail("after", self.after)],
        )

    def before(self, context: ToolContext, value: Any) -> ToolVerdict:
        return self.judge("before", context, value)

    async def after(self, context: ToolContext, value: Any) -> ToolVerdict:
        return self.judge("after", context, value)

    def judge(self, when: str, context: ToolContext, value: Any) -> ToolVerdict:
        assert context is CONTEXT
        self.asked.append(value)
        verdict: Any = self._verdicts[when]
        if isinstance(verdict, BaseException):
            raise verdict
        return verdict  # type: ignore[no-any-return]

    async def run(self, arguments: str = '{"amount":7}') -> ToolOutcome:
        return await self.tool().run(CONTEXT, arguments)


async def test_what_is_allowed_runs_and_is_shown() -> None:
    guarded = Guarded()
    assert await guarded.run() == ToolOutcome("refunded 7")
    assert guarded.asked == [{"amount": 7}, "refunded 7"]


async def test_rejected_arguments_run_nothing_and_the_message_is_the_output() -> None:
    guarded = Guarded(before=RejectContent("Too much."))
    assert await guarded.run() == ToolOutcome("Too much.")
    assert guarded.ran == 0


async def test_a_rejected_result_is_hidden_behind_the_message() -> None:
    guarded = Guarded(after=RejectContent("Done."))
    assert await guarded.run() == ToolOutcome("Done.")
    assert guarded.ran == 1


@pytest.mark.parametrize(("when", "runs"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("verdict", [Raise({"why": 1}), OSError(), SystemExit(), "no verdict"])
async def test_the_model_is_told_nothing_when_a_guardrail_says_so_or_breaks(
    when: str, runs: int, verdict: Any
) -> None:
    guarded = Guarded(**{when: verdict})
    told = await guarded.run()
    assert (told.is_sent, told.must_respond, told.has_failed) == (False, False, True)
    assert isinstance(told.error, ToolGuardrailTripped)
    assert told.error.guardrail_name == when
    assert guarded.ran == runs


async def test_the_owner_learns_what_a_guardrail_found() -> None:
    told = await Guarded(before=Raise({"why": 1})).run()
    assert isinstance(told.error, ToolGuardrailTripped)
    assert told.error.output_info == {"why": 1}


async def test_the_first_objection_decides() -> None:
    guarded = Guarded()
    first = ToolGuardrail("first", lambda *_: RejectContent("first"))
    tool = function_tool(
        lambda: None, input_guardrails=[first, ToolGuardrail("second", guarded.before)]
    )
    assert await tool.run(CONTEXT, "") == ToolOutcome("first")
    assert guarded.asked == []


async def test_what_the_first_allows_the_second_may_reject() -> None:
    tool = function_tool(
        lambda: None,
        input_guardrails=[
            ToolGuardrail("first", lambda *_: Allow()),
            ToolGuardrail("second", lambda *_: RejectContent("second")),
        ],
    )
    assert await tool.run(CONTEXT, "") == ToolOutcome("second")


async def test_arguments_that_do_not_fit_are_no_business_of_a_guardrail() -> None:
    guarded = Guarded(before=RejectContent("Too much."))
    told = await guarded.run('{"amount":"much"}')
    assert told.has_failed
    assert guarded.asked == []


async def test_arguments_may_be_checked_before_anybody_is_asked() -> None:
    rejected = (
        await Guarded(before=RejectContent("Too much."))
        .tool()
        .rejected_input(CONTEXT, '{"amount":7}')
    )
    assert rejected == ToolOutcome("Too much.")
    assert await Guarded().tool().rejected_input(CONTEXT, '{"amount":7}') is None


async def test_a_background_result_is_checked_as_what_it_holds() -> None:
    guarded = Guarded()
    tool = function_tool(
        lambda: BackgroundResult("later"),
        output_guardrails=[ToolGuardrail("after", guarded.after)],
    )
    assert await tool.run(CONTEXT, "") == ToolOutcome("later", must_respond=False)
    assert guarded.asked == ["later"]
