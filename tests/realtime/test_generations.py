"""What belongs to a connection that is gone never reaches the one after it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import ToolOutcome, function_tool
from sipagent.calls.leg_playback import LegPlayback
from sipagent.realtime.approvals import ApprovalRequest, Approvals
from sipagent.realtime.core import SessionCore
from sipagent.realtime.generations import Generations
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.outbox import OutputCheck
from sipagent.realtime.tool_calls import HandoffCall, ToolCall
from sipagent.realtime.work import WorkRunner
from sipagent.wire.client import SessionUpdate

from .playbook import PCMU, Wire, created, done, function_call, look_up, reception, resolved

OLD_CALLS = ("call_1", "call_2", "call_3")


def core_of(generation: int, approvals: Approvals) -> SessionCore:
    agent = reception(tools=[function_tool(look_up, needs_approval=True)])
    approvals.begin(generation)
    core = SessionCore(
        resolved(agent),
        SessionOptions(PCMU, PCMU),
        LegPlayback(),
        approvals=approvals,
        generation=generation,
    )
    core.open()
    return core


def hear(core: SessionCore, *messages: Wire) -> None:
    for message in messages:
        core.receive(json.dumps(message), now=1.0)


@given(
    st.lists(st.sampled_from(["approve", "reject", "expire", "end", "hand over", "new turn"])),
    st.permutations(OLD_CALLS),
)
def test_no_late_result_or_decision_is_sent_over_another_connection(
    late: list[str], order: list[str]
) -> None:
    approvals = Approvals()
    old = core_of(1, approvals)
    asked = [function_call("look_up", each, arguments='{"order":7}') for each in OLD_CALLS]
    hear(old, created(), *asked, function_call("transfer_to_billing", "call_4"))
    calls = [work for work in old.out.take_work() if not isinstance(work, OutputCheck)]
    for call in calls:
        if isinstance(call, ToolCall) and call.tool_call_id != order[0]:
            old.tools.approval_needed(call, now=1.0)
    requests = list(approvals.pending)
    assert len(requests) == 2

    new = core_of(2, approvals)
    new.out.take_messages()
    for action in late:
        match action:
            case "approve" | "reject" if requests:
                request = requests.pop()
                if action == "approve":
                    new.tools.approve(request, always=False, now=2.0)
                else:
                    new.tools.reject(request, message=None, always=False, now=2.0)
            case "expire":
                new.tools.expire(now=1_000.0)
            case "end" | "hand over" if calls:
                match calls.pop():
                    case ToolCall() as call:
                        old.tools.ended(call, ToolOutcome("late"), duration_s=1.0, now=2.0)
                    case HandoffCall() as call:
                        old.handed_over(call, None, ToolOutcome("late"), now=2.0)
            case "new turn":
                hear(new, created("resp_new"), done("resp_new"))
            case _:
                pass
    sent = [json.loads(message) for message in new.out.take_messages()]
    assert [each for each in sent if each["type"] != "response.create"] == []
    assert not new.out.take_work()
    assert new.current_agent.name == "Reception"


def test_what_the_owner_changed_in_a_session_holds_in_the_next() -> None:
    approvals = Approvals()
    old = core_of(1, approvals)
    old.send(SessionUpdate(session={"type": "realtime", "audio": {"output": {"speed": 1.2}}}))
    old.update_agent(resolved(RealtimeAgent("Night", "It is late.", voice="cedar")), now=1.0)
    new = SessionCore(
        old.agent, SessionOptions(PCMU, PCMU), LegPlayback(), generation=2, before=old
    )
    assert new.configuring.config["instructions"] == "It is late."
    output = new.configuring.config["audio"]["output"]
    assert output == {"format": PCMU, "speed": 1.2, "voice": "cedar"}


def generations() -> Generations:
    return Generations(WorkRunner(SessionOptions(), None, lambda: 0.0), Approvals())


def asked(of: Generations) -> list[str]:
    """Have a call of the present generation wait for approval; return all that wait."""
    request = ApprovalRequest("call_1", "look_up", "{}", "Reception", of.number)
    of.approvals.request(request, now=0.0)
    return [each.tool_call_id for each in of.approvals.pending]


async def test_each_connection_of_our_own_is_a_generation_with_work_of_its_own() -> None:
    of = generations()
    first, second = of.begin(is_attached=False), of.begin(is_attached=False)
    assert first is not second
    assert of.number == 2


async def test_a_call_attached_to_is_one_generation_and_its_work_goes_on() -> None:
    of = generations()
    assert of.begin(is_attached=True) is of.begin(is_attached=True)
    assert of.number == 1


async def test_nobody_is_asked_once_a_connection_of_our_own_is_lost() -> None:
    of = generations()
    of.begin(is_attached=False)
    of.used()
    assert asked(of) == ["call_1"]
    of.lost()
    assert of.approvals.pending == ()
    assert asked(of) == []


async def test_of_a_call_attached_to_somebody_is_asked_until_it_is_over() -> None:
    of = generations()
    of.begin(is_attached=True)
    of.used()
    asked(of)
    of.lost()
    of.begin(is_attached=True)
    of.used()
    assert [each.tool_call_id for each in of.approvals.pending] == ["call_1"]
    of.end()
    assert of.approvals.pending == ()


async def test_what_is_being_opened_takes_no_question_away() -> None:
    of = generations()
    of.begin(is_attached=False)
    of.used()
    asked(of)
    of.begin(is_attached=False)
    assert [each.tool_call_id for each in of.approvals.pending] == ["call_1"]
    of.used()
    assert of.approvals.pending == ()


async def test_after_it_was_closed_another_conversation_begins() -> None:
    of = generations()
    before = of.begin(is_attached=True)
    await of.close()
    await of.close()
    assert of.begin(is_attached=True) is not before
    assert of.number == 2
