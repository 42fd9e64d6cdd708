"""Facts on their way to the supervisor."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from sipagent.calls import facts
from sipagent.ops import call_stream
from sipagent.ops.call_stream import (
    MAX_CHARS,
    MAX_WAITING,
    NOT_STREAMED,
    PER_MESSAGE,
    CallStream,
    plain,
)
from sipagent.ops.channel import FactsTold, FactTold, Message

from .script import CALL, tell_all
from .told import ENDED, OFFERED

SAID = facts.CallerSaid("i", "Hello")


class Outlet:
    """Takes messages while it has room."""

    def __init__(self) -> None:
        self.has_room = True
        self.sent: list[FactsTold] = []

    def send(self, message: Message) -> None:
        assert isinstance(message, FactsTold)
        self.sent.append(message)

    @property
    def told(self) -> list[FactTold]:
        return [fact for message in self.sent for fact in message.facts]


async def after_a_turn() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_what_happens_in_one_turn_is_one_message() -> None:
    outlet = Outlet()
    now = asyncio.get_running_loop().time
    stream = CallStream(outlet, lambda: 1_000.0)
    stream.tell("c", OFFERED, at=now() - 2.0)
    stream.tell("d", SAID, at=now())
    assert outlet.sent == []
    await after_a_turn()
    (message,) = outlet.sent
    first, second = message.facts
    assert (first.call_id, first.name, first.fields["caller"]) == ("c", "CallOffered", "+4989")
    assert first.at == pytest.approx(998.0, abs=0.2)
    assert (second.call_id, second.fields) == ("d", {"item_id": "i", "text": "Hello"})


async def test_every_fact_is_plain_data() -> None:
    outlet = Outlet()
    tell_all(CallStream(outlet, lambda: 0.0), "c", CALL)
    await after_a_turn()
    told = [type(fact).__name__ for fact in CALL if not isinstance(fact, NOT_STREAMED)]
    assert [fact.name for fact in outlet.told] == told
    assert max(len(message.facts) for message in outlet.sent) == PER_MESSAGE
    assert b"sipagent.calls" not in pickle.dumps(outlet.sent)
    assert outlet.told[-1].fields["termination"] == {
        "result": "completed",
        "reason": "caller_hung_up",
        "detail": "bye",
        "sip_status": 200,
    }


async def test_a_supervisor_that_does_not_read_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(call_stream, "AGAIN_S", 0.0)
    outlet = Outlet()
    stream = CallStream(outlet, lambda: 0.0)
    outlet.has_room = False
    stream.tell("c", OFFERED, at=0.0)
    for _ in range(MAX_WAITING + 10):
        stream.tell("c", SAID, at=0.0)
    stream.tell("c", ENDED, at=0.0)
    await after_a_turn()
    assert outlet.sent == []
    outlet.has_room = True
    while len(outlet.told) < MAX_WAITING + 1:
        await asyncio.sleep(0)
    names = [fact.name for fact in outlet.told]
    assert (names[0], names[-1], names.count("CallerSaid")) == (
        "CallOffered",
        "CallEnded",
        MAX_WAITING - 1,
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * (MAX_CHARS + 1), "x" * (MAX_CHARS - 1) + "…"),
        ((1, ("a", None)), [1, ["a", None]]),
        ({"k": facts.DigitPressed("x")}, {"k": {"digit": "x"}}),
    ],
)
def test_values_become_plain(value: Any, shown: Any) -> None:
    assert plain(value) == shown
