"""One attached call, driven for real: a real session over a real socket to a scripted endpoint."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import function_tool
from sipagent.calls import facts
from sipagent.calls.controller import CallPolicy
from sipagent.calls.digits import DigitSettings
from sipagent.calls.events import OperatorWished
from sipagent.calls.journal import AttachedState
from sipagent.calls.setup import CallSetup
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.calls.tools import builtin_tools
from sipagent.errors import CallGone, SessionRejected, SessionTimeout
from sipagent.operator_acts import (
    DONE,
    ActAnswer,
    HandOver,
    HangUp,
    Mute,
    OperatorAct,
    Say,
    TransferTo,
    Whisper,
)
from sipagent.realtime.rotation import RotationSettings

from .attached import RECEIVED_AT, Provider, entry, provider
from .talk import call_setup, transfer_to

SALES = "sip:sales@example.org"
TRANSFER = transfer_to(sales=SALES)


def with_tools(**changes: object) -> CallSetup:
    """Return a plan whose agent may hang up and transfer."""
    tools = builtin_tools(TRANSFER)
    agent = RealtimeAgent("Reception", tools=list(tools.values()))
    return call_setup(agent=agent, transfer=TRANSFER, **changes)


async def ended(running: Provider) -> Termination:
    """Return the end of the call, once everything of it is over."""
    end = await running.told.until(facts.CallEnded)
    await running.desk.until_empty()
    return end.termination


async def test_a_call_is_accepted_whole_attached_to_and_greeted() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        (greeting,) = await running.endpoint.has_received("response.create")
        assert greeting["response"]["instructions"] == "Greet."
        assert running.endpoint.types() == ["response.create"]  # nothing was configured twice
        assert running.endpoint.requests[0].path == "/v1/realtime?call_id=rtc_1"
        kind, call, session = running.connector.requests[0]
        assert (kind, call, session["type"], session["model"]) == (
            "accept",
            "rtc_1",
            "realtime",
            "gpt-realtime",
        )
        assert len(running.connector.requests) == 1


async def test_the_facts_of_a_call_are_those_of_any_call() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.endpoint.has_received("response.create")
        await running.says("Good morning.")
        await running.told.until(facts.AgentSaid)
        await running.endpoint.leave(1000, "")
        end = await ended(running)
        assert end == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
        assert running.told.names() == [
            "CallOffered",
            "CallRouted",
            "CallAnswered",
            "SessionOpened",
            "AgentSoundStarted",
            "AgentWorded",
            "UsageReported",
            "AgentSaid",
            "CallEnded",
        ]
        offered = await running.told.until(facts.CallOffered)
        assert offered == facts.CallOffered(
            "incoming",
            "sip-1",
            "desk",
            "+4930123456",
            realtime_call_id="rtc_1",
            keys=offered.keys,
        )
        assert offered.keys is not None and offered.keys.at_s == RECEIVED_AT
        assert await running.told.until(facts.CallAnswered) == facts.CallAnswered(750, "")
        assert running.state() is AttachedState.ENDED
        assert running.connector.kinds() == ["accept"]  # it was over already


async def test_a_caller_who_gave_up_before_the_accept_abandoned_the_call() -> None:
    async with provider(entry()) as running:
        running.connector.failures["accept"] = CallGone("no such call")
        await running.desk.look()
        end = await ended(running)
        assert (end.result, end.reason, end.sip_status) == (
            Result.ABANDONED,
            Reason.CALLER_CANCELLED,
            487,
        )
        assert running.endpoint.attempts == 0
        assert running.state() is AttachedState.ENDED


async def test_a_session_the_endpoint_refuses_fails_the_call_in_the_endpoints_words() -> None:
    async with provider(entry()) as running:
        running.connector.failures["accept"] = SessionRejected("no voice bob", status=400)
        await running.desk.look()
        end = await ended(running)
        assert end == Termination(
            Result.FAILED, Reason.SESSION_REFUSED, "no voice bob (HTTP 400)", 503
        )
        assert running.connector.requests[1:] == [("reject", "rtc_1", 503)]


async def test_an_accept_that_nobody_answers_is_followed_by_a_hang_up() -> None:
    async with provider(entry()) as running:
        running.connector.failures["accept"] = SessionTimeout("no answer")
        await running.desk.look()
        assert (await ended(running)).reason is Reason.SESSION_TIMEOUT
        assert running.connector.kinds() == ["accept", "hangup"]


async def test_the_socket_is_tried_again_when_it_does_not_open() -> None:
    async with provider(entry()) as running:
        running.endpoint.fault = "refuse"
        await running.desk.look()
        await running.endpoint.until(lambda: running.endpoint.attempts == 2)
        running.endpoint.fault = ""
        await running.endpoint.has_received("response.create")


async def test_a_call_whose_socket_never_opens_is_hung_up() -> None:
    setup = call_setup(rotation=RotationSettings(attempts=1))
    async with provider(entry(), route=lambda _: setup) as running:
        running.endpoint.fault = "refuse"
        await running.desk.look()
        end = await ended(running)
        assert (end.result, end.reason) == (Result.FAILED, Reason.SESSION_REFUSED)
        assert running.endpoint.attempts == 2
        assert running.connector.kinds() == ["accept", "hangup"]


async def test_a_call_that_is_over_before_it_is_attached_to_was_hung_up_by_the_caller() -> None:
    async with provider(entry()) as running:
        running.endpoint.fault, running.endpoint.refusal = "refuse", HTTPStatus.NOT_FOUND
        await running.desk.look()
        end = await ended(running)
        assert (end.result, end.reason) == (Result.COMPLETED, Reason.CALLER_HUNG_UP)
        assert running.endpoint.attempts == 1
        assert running.connector.kinds() == ["accept"]


async def test_a_lost_socket_is_attached_to_again_and_nothing_is_said_twice() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.endpoint.has_received("response.create")
        running.endpoint.kill()
        await running.told.until(facts.SessionReplaced)
        assert running.endpoint.requests[1].path == "/v1/realtime?call_id=rtc_1"
        assert running.endpoint.types().count("response.create") == 1
        await running.endpoint.leave(1000, "")
        assert (await ended(running)).reason is Reason.CALLER_HUNG_UP


async def test_a_session_that_is_lost_for_good_ends_the_call() -> None:
    setup = call_setup(greeting="Greet.", rotation=RotationSettings(attempts=1))
    async with provider(entry(), route=lambda _: setup) as running:
        await running.desk.look()
        await running.endpoint.has_received("response.create")
        running.endpoint.fault = "refuse"
        running.endpoint.kill()
        end = await ended(running)
        assert (end.result, end.reason) == (Result.FAILED, Reason.SESSION_LOST)
        assert running.connector.kinds() == ["accept", "hangup"]


async def test_the_agent_hangs_up_when_its_last_words_were_heard() -> None:
    async with provider(entry(), route=lambda _: with_tools()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.begins("Goodbye.")
        await running.calls_tool("hangup")
        await running.told.until(facts.ToolCalled)
        assert running.connector.kinds() == ["accept"]
        await running.ends("Goodbye.")
        end = await ended(running)
        assert end == Termination(Result.COMPLETED, Reason.AGENT_HUNG_UP, "by Reception")
        assert running.connector.kinds() == ["accept", "hangup"]
        said = await running.told.until(facts.AgentSaid)
        assert (said.said, said.interrupted) == ("Goodbye.", False)


async def test_last_words_that_never_end_are_cut_off() -> None:
    policy = CallPolicy(last_words_limit_s=0.1)
    async with provider(entry(), route=lambda _: with_tools(policy=policy)) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.begins("And another thing,")
        await running.calls_tool("hangup")
        assert (await ended(running)).reason is Reason.AGENT_HUNG_UP


async def test_an_operator_ends_a_call_at_once_from_any_thread() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        (call,) = running.desk.calls.values()
        await asyncio.to_thread(call.hang_up, Reason.OPERATOR_HUNG_UP, "by ada")
        end = await ended(running)
        assert end == Termination(Result.COMPLETED, Reason.OPERATOR_HUNG_UP, "by ada")


async def test_a_hang_up_the_provider_does_not_take_ends_the_call_here() -> None:
    async with provider(entry()) as running:
        running.connector.failures["hangup"] = SessionRejected("no", status=500)
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        running.desk.hang_up_all(Reason.SHUTDOWN)
        assert (await ended(running)).reason is Reason.SHUTDOWN
        assert await running.endpoint.is_left() == 1000


async def test_a_caller_is_transferred_when_the_agent_has_finished() -> None:
    async with provider(entry(), route=lambda _: with_tools()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.begins("One moment.")
        await running.calls_tool("transfer_call", '{"target":"sales"}')
        await running.endpoint.say({"type": "rate_limits.updated", "rate_limits": []})
        assert running.connector.kinds() == ["accept"]
        await running.ends("One moment.")
        assert await running.connector.until("refer") == ("refer", "rtc_1", SALES)
        called = await running.told.until(facts.ToolCalled)
        assert "The caller is being transferred." in called.output
        await running.endpoint.leave(1000, "")
        end = await ended(running)
        assert end == Termination(Result.COMPLETED, Reason.TRANSFERRED, "to sales")
        assert running.connector.kinds() == ["accept", "refer"]


async def test_an_agent_learns_of_a_transfer_that_was_refused_and_the_call_goes_on() -> None:
    async with provider(entry(), route=lambda _: with_tools()) as running:
        running.connector.failures["refer"] = SessionRejected("no", status=500)
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.begins("One moment.")
        await running.calls_tool("transfer_call", '{"target":"sales"}')
        await running.ends("One moment.")
        called = await running.told.until(facts.ToolCalled)
        assert "The transfer failed" in called.output
        await running.endpoint.leave(1000, "")
        assert (await ended(running)).reason is Reason.CALLER_HUNG_UP


async def test_an_agent_that_transfers_the_caller_does_not_hang_up_too() -> None:
    async with provider(entry(), route=lambda _: with_tools()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.begins("One moment.")
        await running.calls_tool("transfer_call", '{"target":"sales"}')
        await running.calls_tool("hangup", tool_call_id="t2")
        await running.told.until(facts.ToolCalled)
        await running.ends("One moment.")
        await running.connector.until("refer")
        await running.told.until(facts.ToolCalled, 2)
        await running.endpoint.leave(1000, "")
        assert (await ended(running)).reason is Reason.TRANSFERRED
        assert "hangup" not in running.connector.kinds()


async def test_a_caller_who_hangs_up_before_the_transfer_was_not_transferred() -> None:
    async with provider(entry(), route=lambda _: with_tools()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.begins("One moment.")
        await running.calls_tool("transfer_call", '{"target":"sales"}')
        await running.told.until(facts.AgentSoundStarted)
        await running.endpoint.leave(1000, "")
        assert (await ended(running)).reason is Reason.CALLER_HUNG_UP
        said = await running.told.until(facts.AgentSaid)  # what was being said is told as well
        assert (said.said, said.interrupted) == ("One moment.", True)


async def test_an_agent_that_is_silent_hangs_up_at_once() -> None:
    async with provider(entry(), route=lambda _: with_tools()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        (call,) = running.desk.calls.values()
        async with asyncio.timeout(5):  # far less than last words may take
            call.hang_up(Reason.AGENT_HUNG_UP)
            assert (await ended(running)).reason is Reason.AGENT_HUNG_UP


async def test_a_handoff_is_noted() -> None:
    billing = RealtimeAgent("Billing")
    setup = call_setup(agent=RealtimeAgent("Reception", handoffs=[billing]))
    async with provider(entry(), route=lambda _: setup) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        ((_, _, session),) = running.connector.requests
        await running.begins("One moment.")
        await running.calls_tool(session["tools"][0]["name"])
        await running.told.until(facts.AgentChanged)
        await running.journal.until(lambda: running.journal.entries["rtc_1"].agent == "Billing")


async def test_a_plan_that_no_accept_can_say_fails_the_call() -> None:
    twice = [function_tool(lambda: "a", name="same"), function_tool(lambda: "b", name="same")]
    setup = call_setup(agent=RealtimeAgent("Reception", tools=list(twice)))
    async with provider(entry(), route=lambda _: setup) as running:
        await running.desk.look()
        end = await ended(running)
        assert (end.result, end.reason) == (Result.FAILED, Reason.SESSION_REFUSED)
        assert running.connector.kinds() == ["reject"]


async def test_keys_reach_the_agent_as_one_message() -> None:
    setup = call_setup(digits=DigitSettings())
    async with provider(entry(), route=lambda _: setup) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        for digit in "42#":
            event = {"type": "input_audio_buffer.dtmf_event_received", "event": digit}
            await running.endpoint.say(event | {"received_at": 1})
        (message,) = await running.endpoint.has_received("conversation.item.create")
        assert message["item"]["content"][0]["text"] == "The caller pressed 4 2 on the keypad."


async def test_what_is_said_and_who_speaks_is_noted() -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        await running.endpoint.say(_user_item("u1", "Hello?"))
        await running.journal.until(lambda: bool(running.journal.entries["rtc_1"].history))
        noted = running.journal.entries["rtc_1"]
        (call_id,) = running.desk.calls
        assert (noted.state, noted.plan, noted.agent, noted.call_id) == (
            AttachedState.ACCEPTED,
            "desk",
            "Reception",
            call_id,
        )
        assert noted.history[0]["item_id"] == "u1"


async def test_of_what_changes_while_the_journal_writes_only_the_latest_is_written() -> None:
    async with provider(entry()) as running:
        running.journal.may_save.clear()
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        for number in range(20):
            await running.endpoint.say(_user_item(f"u{number}", "Hello?"))
            await running.endpoint.say(
                {
                    "type": "conversation.item.input_audio_transcription.completed",
                    "item_id": f"u{number}",
                    "content_index": 0,
                    "transcript": "Hello?",
                }
            )
        await running.told.until(facts.CallerSaid, 20)
        running.journal.may_save.set()
        await running.journal.until(lambda: len(running.journal.entries["rtc_1"].history) == 20)
        assert running.journal.saves <= 3


async def test_a_journal_that_cannot_be_written_costs_the_call_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with provider(entry()) as running:
        running.journal.is_broken = True
        await running.desk.look()
        await running.endpoint.has_received("response.create")
        await running.says("Good morning.")
        await running.told.until(facts.AgentSaid)
        assert "the disk is full" in caplog.text
        running.journal.is_broken = False
        await running.endpoint.say(_user_item("u1", "Hello?"))
        await running.journal.until(lambda: bool(running.journal.entries["rtc_1"].history))
        assert running.state() is AttachedState.ACCEPTED  # that was not lost either


async def test_a_fault_of_ours_ends_one_call_and_is_on_record(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with provider(entry()) as running:
        await running.desk.look()
        await running.told.until(facts.SessionOpened)
        (call,) = running.desk.calls.values()
        monkeypatch.setattr(call, "_dispatch", lambda _: 1 // 0)
        call.detach()
        end = await ended(running)
        assert (end.result, end.reason, end.detail) == (
            Result.FAILED,
            Reason.INTERNAL_ERROR,
            "ZeroDivisionError",
        )
        assert running.connector.kinds() == ["accept", "hangup"]
        assert "ended by a fault of ours" in caplog.text


def _user_item(item_id: str, text: str) -> dict[str, object]:
    content = [{"type": "input_audio", "transcript": text}]
    item = {"id": item_id, "type": "message", "role": "user", "status": "completed"}
    return {"type": "conversation.item.added", "item": item | {"content": content}}


async def operated(running: Provider, act: OperatorAct) -> ActAnswer:
    """Have an operator do something on the call there is; return the answer."""
    (call,) = running.desk.calls.values()
    answer: asyncio.Future[ActAnswer] = asyncio.get_running_loop().create_future()
    call.post(OperatorWished(act, "duty", answer))
    return await answer


async def test_operators_act_as_far_as_the_provider_lets_them() -> None:
    billing = RealtimeAgent("Billing", instructions="Invoices.")
    agent = RealtimeAgent("Reception")
    setup = call_setup(agent=agent, others=(billing,), transfer=TRANSFER)
    async with provider(entry(), route=lambda _: setup) as running:
        await running.desk.look()
        assert (await operated(running, Say("x"))).status == 409  # nobody talks yet
        await running.told.until(facts.SessionOpened)
        assert await operated(running, Say("Hold on.")) == DONE
        (response,) = await running.endpoint.has_received("response.create")
        assert response["response"]["instructions"] == "Say exactly: Hold on."
        assert await operated(running, Whisper("Be brief.")) == DONE
        await running.endpoint.has_received("conversation.item.create")
        assert (await operated(running, Mute("inbound", is_muted=True))).status == 409
        assert await operated(running, HandOver("Billing")) == DONE
        await running.told.until(facts.AgentChanged)
        assert await operated(running, TransferTo("sales")) == DONE
        assert (await running.connector.until("refer"))[2] == SALES
        assert await operated(running, HangUp()) == DONE
        end = await ended(running)
        assert (end.reason, end.detail) == (Reason.OPERATOR_HUNG_UP, "by duty")
        acts = [fact.act for _, fact in running.told.facts if isinstance(fact, facts.OperatorActed)]
        assert acts == ["say", "whisper", "hand_over", "transfer", "hang_up"]
