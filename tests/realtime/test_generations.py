"""What belongs to a connection that is gone never reaches the one after it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import ToolOutcome, function_tool
from sipagent.calls.leg_playback import LegPlayback
from sipagent.realtime.approvals import Approvals
from sipagent.realtime.core import SessionCore
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.outbox import OutputCheck
from sipagent.realtime.tool_calls import HandoffCall, ToolCall
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
