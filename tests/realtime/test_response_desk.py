"""Responses of a connection: asked for, begun and ended, within the conversation and beside it."""

from __future__ import annotations

import json

from sipagent.agents.agent import RealtimeAgent
from sipagent.realtime.conversation_events import AgentEnded, AgentStarted, UsageReported
from sipagent.realtime.events import ResponseDone, ResponseStarted
from sipagent.realtime.history_feed import HistoryFeed
from sipagent.realtime.outbox import Outbox
from sipagent.realtime.response_desk import ResponseDesk
from sipagent.realtime.usage import Usage, UsageMeter
from sipagent.wire.client import ResponseCancel, ResponseCreate

from .playbook import Wire

AGENT = RealtimeAgent("Reception", "Receive.")
ASIDE = {"id": "resp_aside", "conversation_id": None}
TOKENS = {"input_tokens": 1, "output_tokens": 7}


class Desk:
    def __init__(self, meter: UsageMeter | None = None) -> None:
        self.out = Outbox()
        self.meter = meter or UsageMeter()
        self.feed = HistoryFeed(store_audio=False)
        self.desk = ResponseDesk(self.out, self.feed, self.meter)

    def sent(self) -> list[Wire]:
        return [json.loads(message) for message in self.out.take_messages()]


def test_a_response_of_the_conversation_begins_with_its_agent() -> None:
    book = Desk()
    assert book.desk.created({"id": "resp_1"}, AGENT, now=1.0) == "resp_1"
    told = [ResponseStarted("resp_1", 1.0), AgentStarted(AGENT, "resp_1", 1.0)]
    assert book.out.take_events() == told
    assert not book.desk.is_aside("resp_1")


def test_a_response_beside_the_conversation_begins_without_a_word() -> None:
    book = Desk()
    assert book.desk.created(ASIDE, AGENT, now=1.0) is None
    assert book.out.take_events() == []
    assert book.desk.is_aside("resp_aside")
    assert book.feed.is_ignored("resp_aside")


def test_tokens_count_over_all_connections_and_beside_the_conversation() -> None:
    meter = UsageMeter()
    for book in (Desk(meter), Desk(meter)):
        book.desk.created(ASIDE, AGENT, now=1.0)
        assert book.desk.done({**ASIDE, "usage": TOKENS}, now=2.0) is None
        done = book.desk.done({"id": "resp_1", "usage": TOKENS}, now=3.0)
        assert done is not None and done.response_id == "resp_1"
    assert meter.total == Usage(4, 4, 28)
    *_, told, counted = book.out.take_events()
    assert isinstance(told, ResponseDone)
    assert counted == UsageReported("resp_1", Usage(1, 1, 7), Usage(4, 4, 28), 3.0)


def test_what_an_agent_said_last_is_told_of_its_response() -> None:
    book = Desk()
    content = [{"type": "output_text", "text": "Hello"}]
    response = {"id": "resp_1", "output": [{"type": "message", "content": content}]}
    book.desk.ended(response, AGENT, now=4.0)
    assert book.out.take_events() == [AgentEnded(AGENT, "resp_1", "Hello", 4.0)]


def test_a_response_of_the_conversation_is_asked_for_in_its_turn_and_another_at_once() -> None:
    book = Desk()
    book.out.sequencer.response_created()
    book.desk.ask(ResponseCreate(response={"instructions": "Greet."}))
    book.desk.ask(ResponseCreate(response={"conversation": "none"}))
    assert [each["response"] for each in book.sent()] == [{"conversation": "none"}]
    book.out.send(*book.out.sequencer.response_done())
    assert [each["response"] for each in book.sent()] == [{"instructions": "Greet."}]


def test_what_goes_on_is_cancelled_once_and_what_is_beside_it_by_its_id() -> None:
    book = Desk()
    book.desk.cancel(ResponseCancel())
    assert book.sent() == []
    book.out.sequencer.response_created()
    book.desk.created(ASIDE, AGENT, now=1.0)
    book.desk.cancel(ResponseCancel())
    book.desk.cancel(ResponseCancel())
    book.desk.cancel(ResponseCancel(response_id="resp_aside"))
    assert [each.get("response_id") for each in book.sent()] == [None, "resp_aside"]
