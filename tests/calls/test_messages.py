"""Messages and notes: what is told of them, and where messages go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from sipagent.agents.http_client import HTTP
from sipagent.agents.http_posts import POSTS
from sipagent.agents.tools import ToolContext
from sipagent.calls.facts import Fact, MessageTaken, NoteTaken
from sipagent.calls.message_setup import MessageSetup
from sipagent.calls.message_tools import NOTED, TAKEN, message_tools
from sipagent.calls.messages import MOST, MessageDesk
from tests.fakes.http_server import http_server


class Call:
    """What the tools need of a call."""

    def __init__(self, setup: MessageSetup | None = None) -> None:
        self.told: list[Fact] = []
        self.messages = MessageDesk(
            "c1",
            "desk",
            setup,
            caller="+4917",
            called="42",
            tell=self.told.append,
            wall_clock=lambda: 1_900_000_000.0,
        )

    async def uses(self, tool: str, /, **arguments: str) -> tuple[str, bool]:
        """Let the model call a tool."""
        context = ToolContext(self, "t1", "Night desk")
        outcome = await message_tools()[tool].run(context, orjson.dumps(arguments).decode())
        return outcome.output, outcome.has_failed


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    yield
    await POSTS.close()
    await HTTP.close()


async def test_what_is_taken_down_is_a_fact() -> None:
    call = Call()
    taken = await call.uses("take_message", text=" Call back. ", name="Ada\nL.", number="5")
    assert taken == (TAKEN, False)
    assert await call.uses("note", text="In a hurry.") == (NOTED, False)
    assert call.told == [
        MessageTaken("Night desk", "Ada L.", "5", "Call back."),
        NoteTaken("Night desk", "In a hurry."),
    ]


async def test_a_message_without_words_is_none() -> None:
    call = Call()
    assert await call.uses("take_message", text=" ") == ("There is no text.", True)
    assert (await call.uses("note", text="x" * 4_001))[1]
    assert call.told == []


async def test_a_call_takes_so_many_and_no_more() -> None:
    call = Call()
    for _ in range(MOST):
        assert not (await call.uses("take_message", text="Again."))[1]
    assert (await call.uses("take_message", text="Again."))[1]
    assert not (await call.uses("note", text="It goes in circles."))[1]
    assert len(call.told) == MOST + 1


async def test_a_message_is_posted_and_written(tmp_path: Path) -> None:
    settled = list[bool]()
    POSTS.on_settled = settled.append
    async with http_server() as server:
        server.answer("inbox", status=201)
        headers = (("Authorization", "Bearer t0p"),)
        file = tmp_path / "new" / "messages.jsonl"
        call = Call(MessageSetup(f"{server.url}/inbox", headers, file))
        await call.uses("take_message", text="Call back.", name="Ada")
        await POSTS.close()
        (asked,) = server.asked
    expected = {
        "id": "c1-1",
        "taken_at": "2030-03-17T17:46:40+00:00",
        "call_id": "c1",
        "plan": "desk",
        "caller": "+4917",
        "called": "42",
        "agent": "Night desk",
        "name": "Ada",
        "number": "",
        "text": "Call back.",
    }
    assert file.stat().st_mode & 0o007 == 0
    assert orjson.loads(asked.body) == orjson.loads(file.read_bytes()) == expected
    assert asked.headers["Authorization"] == "Bearer t0p"
    assert asked.headers["Idempotency-Key"] == "c1-1"
    assert settled == [True, True]


async def test_a_message_is_posted_until_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sipagent.agents.http_posts.PAUSES_S", (0.0, 0.0))
    settled = list[bool]()
    POSTS.on_settled = settled.append
    async with http_server() as server:
        for status, attempts in ((503, 3), (400, 1)):
            server.answer("inbox", status=status)
            await Call(MessageSetup(f"{server.url}/inbox")).uses("take_message", text="Hello.")
            await POSTS.close()
            assert len(server.asked) == attempts
            server.asked.clear()
    assert settled == [False, False]


async def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    settled = list[bool]()
    POSTS.on_settled = settled.append
    await Call(MessageSetup(file=tmp_path)).uses("take_message", text="Hello.")
    await POSTS.close()
    assert settled == [False]
