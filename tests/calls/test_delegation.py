"""What becomes of a request that is handed to the backend agent."""

from __future__ import annotations

import asyncio

import pytest

from sipagent.calls.delegation import Delegation
from sipagent.calls.delegation_approvals import (
    MAX_ARGUMENTS_CHARS,
    Approver,
    Nobody,
    Question,
    Verdict,
)
from sipagent.calls.delegation_text import (
    INTERRUPTED,
    NO_ANSWER,
    NOT_APPROVED,
    STILL_WORKING,
    TOO_LONG_TO_APPROVE,
    TOO_SLOW,
    UNREACHABLE,
)
from sipagent.errors import MaxTurnsExceeded, ModelBehaviorError, ModelError, ModelRefusalError
from sipagent.realtime.events import SpeechStarted, UserTranscript

from .backend import Backend, Item, Person, Stream, failed, finished, tool_context

REFUND = '{"order": "7"}'


def delegation(
    backend: Backend,
    approver: Approver | None = None,
    *,
    timeout_s: float = 30.0,
    is_interruptible: bool = True,
) -> Delegation:
    return Delegation(
        "c1",
        "refunds",
        timeout_s=timeout_s,
        start=backend.start,
        approver=approver or Nobody(),
        is_interruptible=is_interruptible,
    )


def paused(backend: Backend, *tools: str, arguments: str = REFUND) -> Stream:
    """Return a run that waits for a person's word on ``tools``."""
    stream = finished(interruptions=[Item(each, arguments, backend.agent) for each in tools])
    backend.streams.append(stream)
    return stream


async def test_the_final_output_is_the_answer() -> None:
    backend = Backend(finished("It leaves today."))
    assert await delegation(backend).ask(tool_context(), "Where is it?") == "It leaves today."
    assert backend.given == [[{"role": "user", "content": "Where is it?"}]]
    assert backend.contexts == ["the call"]


@pytest.mark.parametrize("nothing", [None, "", "  "])
async def test_an_empty_answer_is_said_to_be_none(nothing: str | None) -> None:
    assert await delegation(Backend(finished(nothing))).ask(tool_context(), "x") == NO_ANSWER


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModelError("gone"), UNREACHABLE),
        (MaxTurnsExceeded(10), UNREACHABLE),
        (ModelBehaviorError("no such tool"), NO_ANSWER),
        (ModelRefusalError("no"), NO_ANSWER),
    ],
)
async def test_a_run_that_fails_is_a_sentence(error: Exception, said: str) -> None:
    backend = Backend(failed(error), finished("Better now."))
    work = delegation(backend)
    assert await work.ask(tool_context(), "x") == said
    assert await work.ask(tool_context(), "again") == "Better now."


async def test_a_slow_run_is_cancelled_and_said_to_be_slow() -> None:
    stream = Stream()
    assert await delegation(Backend(stream), timeout_s=0.01).ask(tool_context(), "x") == TOO_SLOW
    assert stream.is_cancelled


async def test_cancelling_it_cancels_the_run() -> None:
    stream = Stream()
    backend = Backend(stream, finished("Next."))
    work = delegation(backend)
    asking = asyncio.get_running_loop().create_task(work.ask(tool_context(), "x"), name="asking")
    await backend.began.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert stream.is_cancelled
    assert await work.ask(tool_context(), "y") == "Next."


def speech_started(item_id: str) -> SpeechStarted:
    return SpeechStarted(item_id, 0, 0.0)


@pytest.mark.parametrize("is_interruptible", [True, False])
async def test_a_caller_who_says_something_ends_the_run_if_the_plan_says_so(
    is_interruptible: bool,
) -> None:
    stream = Stream("Done.")
    backend = Backend(stream, finished("Next."))
    work = delegation(backend, is_interruptible=is_interruptible)
    asking = asyncio.get_running_loop().create_task(work.ask(tool_context(), "x"), name="asking")
    await backend.began.wait()
    work.told(speech_started("u2"))
    work.told(UserTranscript("u2", "Wait, the other one.", 0.0))
    if not is_interruptible:
        stream.done.set()
    assert await asking == (INTERRUPTED if is_interruptible else "Done.")
    assert stream.is_cancelled is is_interruptible
    assert await work.ask(tool_context(), "y") == "Next."


async def test_late_words_and_a_cough_end_nothing() -> None:
    stream = Stream("Done.")
    backend = Backend(stream)
    work = delegation(backend)
    work.told(speech_started("u1"))
    asking = asyncio.get_running_loop().create_task(work.ask(tool_context(), "x"), name="asking")
    await backend.began.wait()
    work.told(UserTranscript("u1", "Where is my order?", 0.0))
    work.told(speech_started("u2"))
    work.told(UserTranscript("u2", " ", 0.0))
    stream.done.set()
    assert await asking == "Done."


async def test_who_asks_meanwhile_is_told_so() -> None:
    stream = Stream("Done.")
    backend = Backend(stream)
    work = delegation(backend)
    asking = asyncio.get_running_loop().create_task(work.ask(tool_context(), "x"), name="asking")
    await backend.began.wait()
    assert await work.ask(tool_context(), "y") == STILL_WORKING
    stream.done.set()
    assert await asking == "Done."
    assert len(backend.given) == 1


async def test_a_person_is_asked_and_the_run_goes_on_with_the_word() -> None:
    backend, person = Backend(), Person()
    stream = paused(backend, "refund")
    backend.streams.append(finished("Refunded."))
    person.verdicts.put_nowait(Verdict(True))
    assert await delegation(backend, person).ask(tool_context(), "x") == "Refunded."
    asked = Question("c1", "refunds", "Back office", "refund", REFUND)
    assert person.questions.get_nowait() == asked
    assert stream.state.decided == [("refund", True, None)]
    assert backend.given[1] is stream.state and backend.contexts == ["the call", "the call"]


@pytest.mark.parametrize(("message", "told"), [("Too much.", "Too much."), ("", None)])
async def test_a_rejection_comes_with_its_words(message: str, told: str | None) -> None:
    backend, person = Backend(), Person()
    stream = paused(backend, "refund")
    backend.streams.append(finished("It was refused."))
    person.verdicts.put_nowait(Verdict(False, message))
    assert await delegation(backend, person).ask(tool_context(), "x") == "It was refused."
    assert stream.state.decided == [("refund", False, told)]


async def test_two_tools_are_asked_about_at_once() -> None:
    backend, person = Backend(), Person()
    stream = paused(backend, "refund", "close")
    backend.streams.append(finished("Both."))
    work = delegation(backend, person)
    asking = asyncio.get_running_loop().create_task(work.ask(tool_context(), "x"), name="asking")
    asked = [(await person.questions.get()).tool for _ in range(2)]
    assert asked == ["refund", "close"]
    for is_approved in (True, False):
        person.verdicts.put_nowait(Verdict(is_approved))
    assert await asking == "Both."
    assert sorted(is_approved for _, is_approved, _ in stream.state.decided) == [False, True]


async def test_a_word_that_does_not_come_in_time_is_a_no() -> None:
    backend, person = Backend(), Person()
    paused(backend, "refund")
    said = await delegation(backend, person, timeout_s=0.01).ask(tool_context(), "x")
    assert said == NOT_APPROVED
    assert person.withdrawn == 1


async def test_a_run_that_is_slow_after_the_word_is_not_blamed_on_it() -> None:
    backend, person = Backend(), Person()
    paused(backend, "refund")
    backend.streams.append(Stream())
    person.verdicts.put_nowait(Verdict(True))
    said = await delegation(backend, person, timeout_s=0.05).ask(tool_context(), "x")
    assert said == TOO_SLOW


async def test_where_nobody_can_be_asked_nothing_is_approved() -> None:
    backend = Backend()
    stream = paused(backend, "refund")
    backend.streams.append(finished("No."))
    assert await delegation(backend).ask(tool_context(), "x") == "No."
    told = "Nobody can be asked to approve refund."
    assert stream.state.decided == [("refund", False, told)]


async def test_what_cannot_be_shown_whole_is_not_approved() -> None:
    backend, person = Backend(), Person()
    stream = paused(backend, "refund", arguments="x" * (MAX_ARGUMENTS_CHARS + 1))
    backend.streams.append(finished("No."))
    assert await delegation(backend, person).ask(tool_context(), "x") == "No."
    assert stream.state.decided == [("refund", False, TOO_LONG_TO_APPROVE)]
    assert person.questions.empty()


async def test_the_provider_is_made_once_and_closed_once() -> None:
    backend = Backend(finished("a"), finished("b"))
    work = delegation(backend)
    await work.close()
    assert backend.closed == 0
    for request in ("x", "y"):
        await work.ask(tool_context(), request)
    await work.close()
    await work.close()
    assert backend.closed == 1
