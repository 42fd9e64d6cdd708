"""What a session is asked to be, and what of it is asked for again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.realtime.configuring import Configuring
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.outbox import Outbox
from sipagent.wire.client import SessionUpdate

from .playbook import PCMU, Playbook, Wire, error, resolved

NIGHT = resolved(RealtimeAgent("Night", "It is late."))
BAD: Wire = {"tool_choice": "perhaps", "audio": {"output": {"speed": 9.0}}}


class Asked:
    """A session that was asked for, and what is sent since."""

    def __init__(self) -> None:
        self.out = Outbox()
        agent = resolved(RealtimeAgent("Day", "Good day."))
        options = SessionOptions(PCMU, PCMU, transcription=None)
        self.configuring = Configuring.first(
            self.out, options, agent, is_attached=False, is_accepted=False
        )
        self.configuring.open()
        self.sent()

    def sent(self) -> list[Wire]:
        return [json.loads(message) for message in self.out.take_messages()]

    def asks(self, session: Wire, **more: Any) -> Wire:
        """Let the owner ask for something; return what is sent."""
        self.configuring.update(SessionUpdate(session={"type": "realtime", **session}, **more))
        (update,) = self.sent()
        return update

    def hands_over(self) -> Wire:
        """Let another agent go on; return the session that is asked for."""
        self.configuring.hand_over(NIGHT, has_spoken=False)
        (update,) = self.sent()
        session: Wire = update["session"]
        return session


def test_what_the_owner_asks_for_is_sent_as_it_is_and_asked_for_again_with_each_agent() -> None:
    asked = Asked()
    update = asked.asks({"max_output_tokens": 99}, event_id="mine")
    wanted = {"type": "realtime", "max_output_tokens": 99}
    assert update == {"type": "session.update", "session": wanted, "event_id": "mine"}
    assert asked.hands_over()["max_output_tokens"] == 99


@pytest.mark.parametrize("event_id", [None, "mine"])
def test_what_is_refused_is_not_asked_for_again(event_id: str | None) -> None:
    asked = Asked()
    first = asked.asks({"max_output_tokens": 99})
    refused = asked.asks(BAD, event_id=event_id)
    assert first["event_id"] != refused["event_id"]
    asked.configuring.refused(refused["event_id"])
    session = asked.hands_over()
    assert "tool_choice" not in session
    assert "speed" not in session["audio"]["output"]
    assert session["max_output_tokens"] == 99


@pytest.mark.parametrize("event_id", [None, "event_7"])
def test_an_error_of_something_else_changes_nothing(event_id: str | None) -> None:
    asked = Asked()
    asked.asks({"max_output_tokens": 99})
    asked.configuring.refused(event_id)
    assert asked.hands_over()["max_output_tokens"] == 99


def test_what_was_asked_for_after_it_is_kept() -> None:
    asked = Asked()
    refused = asked.asks(BAD)
    asked.asks({"max_output_tokens": 99})
    asked.configuring.refused(refused["event_id"])
    assert asked.hands_over()["max_output_tokens"] == 99


@pytest.mark.parametrize("audio", ["loud", {"input": "loud"}, {"input": None}, {"input": ["loud"]}])
def test_what_makes_no_sense_is_the_endpoints_to_refuse(audio: Any) -> None:
    asked = Asked()
    assert asked.asks({"audio": audio})["session"]["audio"] == audio
    assert asked.hands_over()["audio"]["input"]["format"] == PCMU


def test_a_refusal_of_the_endpoint_is_heard() -> None:
    book = Playbook()
    book.core.send(SessionUpdate(session={"type": "realtime", **BAD}))
    (update,) = book.sent()
    book.hears(error("invalid_value", event_id=update["event_id"]))
    book.core.update_agent(NIGHT, now=book.now)
    (handed_over,) = book.sent()
    assert "tool_choice" not in handed_over["session"]
