"""Responses over a WebSocket: one after the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from openai.types.responses import ResponsesServerEvent
from pydantic import BaseModel, TypeAdapter
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from sipagent.engine.responses.writing import ENDS
from tests.peers.recorder import undeclared

from .endpoint import endpoint
from .official import FRAMES, Json, check_events

LIMIT_S = 15.0
ERRORS: TypeAdapter[BaseModel] = TypeAdapter(ResponsesServerEvent)


class Socket:
    """A client."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **body: Any) -> None:
        """Ask for a response."""
        await self.socket.send(json.dumps({"type": "response.create", "model": "gpt-x", **body}))

    async def receive(self) -> Json:
        """Return the next frame."""
        async with asyncio.timeout(LIMIT_S):
            frame: Json = json.loads(await self.socket.recv())
            return frame

    async def response(self) -> Json:
        """Return the next response; all of its events are checked."""
        events = [await self.receive()]
        while events[-1]["type"] not in ENDS:
            events.append(await self.receive())
        check_events(events, FRAMES)
        response: Json = events[-1]["response"]
        return response

    async def ask(self, text: Any, **body: Any) -> Json:
        """Ask; return the response."""
        await self.send(input=text, **body)
        return await self.response()

    async def error(self) -> tuple[int, str, str | None]:
        """Return status, code and parameter of the error that comes next."""
        frame = await self.receive()
        assert undeclared(ERRORS.validate_python(frame)) == set()
        error = frame["error"]
        assert (frame["type"], error["type"]) == ("error", "invalid_request_error")
        return frame["status"], error["code"], error["param"]


@asynccontextmanager
async def connected(base: str) -> AsyncIterator[Socket]:
    url = base.replace("http://", "ws://") + "/responses"
    headers = {"Authorization": "Bearer any"}
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        yield Socket(socket)


@pytest.fixture
async def base() -> AsyncIterator[str]:
    """Yield the URL of an endpoint."""
    async with endpoint() as url:
        yield url


@pytest.fixture
async def socket(base: str) -> AsyncIterator[Socket]:
    """Yield a client."""
    async with connected(base) as client:
        yield client


def said(response: Json) -> str:
    text: str = response["output"][0]["content"][0]["text"]
    return text


@pytest.mark.parametrize("extra", [{}, {"stream": True}, {"stream": False}])
async def test_events_come_one_by_one_whether_a_stream_is_asked_for_or_not(
    socket: Socket, extra: Json
) -> None:
    assert said(await socket.ask("say:Good day", **extra)) == "Good day"


async def test_one_response_follows_another_at_once(socket: Socket) -> None:
    for number in range(20):
        assert said(await socket.ask(f"say:{number}")) == str(number)


async def test_a_response_goes_on_from_the_last_one_though_it_is_not_stored(
    base: str, socket: Socket
) -> None:
    first = await socket.ask("call:find {}", store=False)
    (call,) = first["output"]
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "found"}
    second = await socket.ask([output], store=False, previous_response_id=first["id"])
    assert said(second) == "found"
    async with connected(base) as other:
        await other.send(input="x", previous_response_id=second["id"])
        refused = (400, "previous_response_not_found", "previous_response_id")
        assert await other.error() == refused
        assert said(await other.ask("say:Still here")) == "Still here"


async def test_a_response_may_only_be_prepared(socket: Socket) -> None:
    prepared = await socket.ask("call:find {}", generate=False)
    assert (prepared["status"], prepared["output"]) == ("completed", [])
    answer = await socket.ask([], previous_response_id=prepared["id"])
    assert answer["output"][0]["name"] == "find"


async def test_a_second_response_at_once_is_refused(socket: Socket) -> None:
    await socket.send(input="slow:300 one two")
    assert (await socket.receive())["type"] == "response.created"
    await socket.send(input="say:Me first")
    frames = [await socket.receive()]
    while frames[-1]["type"] not in ENDS:
        frames.append(await socket.receive())
    (error,) = [each for each in frames if each["type"] == "error"]
    assert (error["status"], error["error"]["code"]) == (409, "response_in_progress")
    assert said(frames[-1]["response"]) == "one two"
    assert said(await socket.ask("say:Me now")) == "Me now"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"type": "response.cancel"}, "type"),
        ({"type": None}, "type"),
        ({"input": 7}, "input"),
        ({"input": "x", "stream_id": "a"}, "stream_id"),
        ({"input": "x", "tools": {}}, "tools"),
        ({"input": "x", "previous_response_id": "resp_0"}, "previous_response_id"),
    ],
)
async def test_what_is_wrong_is_told_and_the_connection_goes_on(
    socket: Socket, body: Json, param: str
) -> None:
    await socket.send(**body)
    status, _, named = await socket.error()
    assert (status, named) == (400, param)
    assert said(await socket.ask("say:Still here")) == "Still here"


@pytest.mark.parametrize("message", ["{", "7", "[" * 900 + "]" * 900, b"\xff"])
async def test_what_is_no_json_to_work_with_is_refused(socket: Socket, message: Any) -> None:
    await socket.socket.send(message)
    status, _, param = await socket.error()
    assert (status, param) == (400, "body")
    assert said(await socket.ask("say:Still here")) == "Still here"


async def test_a_refusal_has_the_status_it_asks_for(socket: Socket) -> None:
    await socket.send(input="fail:429")
    assert await socket.error() == (429, "rate_limit_exceeded", None)


async def test_a_client_that_goes_away_ends_what_it_asked_for(base: str) -> None:
    async with connected(base) as first:
        await first.send(input="slow:60000 a b")
        await first.receive()
        assert writing()
    async with asyncio.timeout(LIMIT_S):
        while writing():
            await asyncio.sleep(0)


def writing() -> list[str]:
    """Return the responses that are being written, on the loop of the endpoint and the test."""
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name == "engine response"]


async def test_a_connection_ends_when_its_time_is_over() -> None:
    async with endpoint(limit_s=0.05) as url, connected(url) as socket:
        assert await socket.error() == (400, "websocket_connection_limit_reached", None)
        with pytest.raises(ConnectionClosed) as caught:
            await socket.receive()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1001
