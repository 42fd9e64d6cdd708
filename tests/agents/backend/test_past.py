"""What a run begins after, whoever keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.agents.backend.past import Past
from sipagent.agents.backend.session import MemorySession
from sipagent.errors import ConfigError

EARLIER = {"role": "user", "content": "Earlier"}
LATER = {"role": "user", "content": "Later"}


@pytest.mark.parametrize(
    "given",
    [
        {"previous_response_id": "resp_1", "conversation_id": "conv_1"},
        {"previous_response_id": "resp_1", "session": MemorySession()},
        {"conversation_id": "conv_1", "session": MemorySession()},
    ],
)
def test_a_run_has_one_past(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="not both"):
        Past(**given)


@pytest.mark.parametrize("past", [Past(), Past(session=MemorySession())])
def test_what_nobody_else_keeps_is_sent_whole_each_time(past: Past) -> None:
    past.responded("resp_1", 3)
    assert past.unsent_from is None


@pytest.mark.parametrize(
    ("past", "previous_response_id"),
    [(Past(previous_response_id="resp_0"), "resp_1"), (Past(conversation_id="conv_1"), "")],
)
def test_an_endpoint_is_sent_what_it_does_not_know(past: Past, previous_response_id: str) -> None:
    known = [past.unsent_from]
    past.responded("resp_1", 3)
    known.append(past.unsent_from)
    assert (known, past.previous_response_id) == ([None, 3], previous_response_id)


async def test_a_session_is_looked_at_once() -> None:
    session = MemorySession([EARLIER])
    past = Past(session=session)
    await past.look()
    await session.add([LATER])
    await past.look()
    assert past.items == [EARLIER]


async def test_without_a_session_there_is_nothing_to_look_at() -> None:
    past = Past(conversation_id="conv_1")
    await past.look()
    assert past.items is None


def test_a_run_that_lost_its_session_goes_on_when_it_is_given_again() -> None:
    past, session = Past(), MemorySession()
    past.has_session = True
    with pytest.raises(ConfigError, match="needs it to go on"):
        past.go_on_over(None)
    past.go_on_over(session)
    past.go_on_over(None)
    assert past.session is session


def test_a_run_without_a_session_gets_none_on_its_way() -> None:
    past = Past()
    past.go_on_over(None)
    with pytest.raises(ConfigError, match="began without a session"):
        past.go_on_over(MemorySession())
