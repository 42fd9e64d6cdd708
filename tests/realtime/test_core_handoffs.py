"""Playbooks of handoffs: another agent goes on in the same session."""

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import IGNORED_HANDOFF, as_handoff
from sipagent.realtime import events
from sipagent.realtime.options import SessionOptions

from .playbook import (
    PCMU,
    Playbook,
    Wire,
    audio,
    created,
    done,
    function_call,
    output,
    reception,
    resolved,
)

TO_BILLING = function_call("transfer_to_billing", "call_1")
TO_SALES = function_call("transfer_to_sales", "call_2")


def handed_off(book: Playbook) -> Wire:
    """Let the model hand over to billing; return the session that is sent."""
    book.hears(created(), TO_BILLING)
    update = book.sent()[0]
    assert update["type"] == "session.update"
    session: Wire = update["session"]
    return session


def test_a_handoff_updates_the_session_then_answers_the_call_then_asks() -> None:
    book = Playbook()
    told = book.hears(created(), TO_BILLING)
    assert told[-1] == events.HandedOff("Reception", "Billing", 2.0)
    update, answer = book.sent()
    assert update["type"] == "session.update"
    assert answer == output("call_1", '{"assistant":"Billing"}')
    book.hears(done())
    assert book.sent_types() == ["response.create"]
    assert book.core.current_agent.name == "Billing"


def test_a_handoff_keeps_the_audio_formats() -> None:
    session = handed_off(Playbook(options=SessionOptions(PCMU, PCMU)))
    assert session["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["output"]["format"] == {"type": "audio/pcmu"}


def test_a_handoff_brings_the_instructions_and_the_voice_of_the_other_agent() -> None:
    session = handed_off(Playbook())
    assert session["instructions"] == "Bill."
    assert session["audio"]["output"]["voice"] == "cedar"


def test_a_handoff_to_an_agent_without_tools_says_that_there_are_none() -> None:
    book = Playbook()
    assert [tool["name"] for tool in book.opening[0]["session"]["tools"]] == [
        "look_up",
        "transfer_to_billing",
        "transfer_to_sales",
    ]
    assert handed_off(book)["tools"] == []


def test_a_voice_is_left_out_once_there_was_audio() -> None:
    book = Playbook()
    book.hears(created(), audio(20), done())
    assert "voice" not in handed_off(book)["audio"]["output"]


def test_a_voice_is_left_out_though_the_audio_was_dropped() -> None:
    book = Playbook()
    book.hears(created())
    book.interrupts([], cancel=False)
    book.hears(audio(20), done(status="cancelled"))
    assert "voice" not in handed_off(book)["audio"]["output"]


def test_the_second_handoff_of_a_response_is_ignored() -> None:
    book = Playbook()
    book.hears(created(), TO_BILLING, TO_SALES)
    assert book.core.current_agent.name == "Billing"
    assert book.sent()[1:] == [
        output("call_1", '{"assistant":"Billing"}'),
        output("call_2", IGNORED_HANDOFF),
    ]
    book.hears(done())
    assert book.sent_types() == ["response.create"]


def test_the_next_response_may_hand_over_again() -> None:
    agent = reception()
    as_handoff(agent.handoffs[0]).agent.handoffs = [agent]
    book = Playbook(agent)
    back = function_call("transfer_to_reception", "call_2", response_id="resp_2")
    book.hears(created(), TO_BILLING, done(), created("resp_2"), back)
    assert book.core.current_agent is agent


def test_a_handoff_is_found_however_its_name_is_written() -> None:
    book = Playbook()
    book.hears(created(), function_call("transfer_to_Billing"))
    assert book.core.current_agent.name == "Billing"


def test_an_agent_cannot_be_reached_through_one_who_does_not_know_it() -> None:
    book = Playbook()
    handed_off(book)
    book.hears(done(), created("resp_2"))
    book.sent()
    book.hears(function_call("transfer_to_sales", "call_2", response_id="resp_2"))
    assert book.sent() == [output("call_2", "Tool transfer_to_sales not found")]
    assert book.core.current_agent.name == "Billing"


def test_calls_of_a_response_belong_to_the_agent_who_spoke_when_it_began() -> None:
    book = Playbook()
    book.hears(created(), TO_BILLING, function_call("look_up", "call_2"))
    call = book.call()
    assert call.agent.agent.name == "Reception"
    assert book.core.current_agent.name == "Billing"


def test_an_agent_may_take_over_without_the_model_asking() -> None:
    book = Playbook()
    book.core.update_agent(resolved(RealtimeAgent("Night", "It is late.")), now=4.0)
    assert book.told() == [events.HandedOff("Reception", "Night", 4.0)]
    (update,) = book.sent()
    assert update["session"]["instructions"] == "It is late."
