"""The Responses API over a WebSocket."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sipagent.agents.backend.model import Json, Model
from sipagent.agents.backend.transports import retries
from sipagent.agents.backend.transports.endpoint import ApiKey, ModelEndpoint
from sipagent.agents.backend.transports.options import TransportOptions
from sipagent.agents.backend.transports.websocket import ResponsesWebSocket
from sipagent.errors import ModelError

from .far_ends import (
    COMPLETED,
    CREATED,
    DELTA,
    HELLO,
    KEY,
    RESPONSE,
    SocketApi,
    Step,
    events_of,
    http_api,
    socket_api,
)

LIMIT: Json = {
    "type": "error",
    "status": 400,
    "error": {"code": "websocket_connection_limit_reached", "message": "60 minutes"},
}
REFUSED: Json = {
    "type": "error",
    "status": 404,
    "error": {"code": "previous_response_not_found", "message": f"no {KEY}"},
}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_DELAY_S", 0.001)


@asynccontextmanager
async def asking(
    api: SocketApi,
    options: TransportOptions | None = None,
    *,
    key: ApiKey = KEY,
    model: str = "",
    max_age_s: float = 60.0,
) -> AsyncIterator[ResponsesWebSocket]:
    """Yield a model, and close it."""
    endpoint = ModelEndpoint(api.url, key)
    made = ResponsesWebSocket(endpoint, model, options, max_age_s=max_age_s)
    try:
        yield made
    finally:
        await made.close()


async def failure(model: Model) -> ModelError:
    """Ask in vain; return how it failed."""
    with pytest.raises(ModelError) as caught:
        await events_of(model)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    return caught.value


async def test_a_response_is_asked_for_as_the_api_wants_it() -> None:
    async with socket_api() as api, asking(api, model="own") as model:
        assert await events_of(model) == RESPONSE
    (_, asked), (handshake,) = api.asked[0], api.handshakes
    body = HELLO.body(stream=True)
    del body["stream"]
    assert asked == {**body, "type": "response.create", "model": "own"}
    assert handshake.path == "/v1/responses"
    assert handshake.headers["Authorization"] == f"Bearer {KEY}"
    assert handshake.headers.get_all("User-Agent") == ["sipagent"]
    assert "Sec-WebSocket-Extensions" not in handshake.headers


def test_it_is_a_model() -> None:
    assert isinstance(ResponsesWebSocket(ModelEndpoint("http://h")), Model)


async def test_responses_share_a_socket() -> None:
    async with socket_api() as api, asking(api) as model:
        for _ in range(3):
            assert await events_of(model) == RESPONSE
    assert api.sockets == [1, 1, 1]


async def test_closing_says_goodbye() -> None:
    async with socket_api() as api:
        async with asking(api) as model:
            await events_of(model)
        await api.is_left()
        assert api.connections[0].close_code == 1000


async def test_one_response_at_a_time() -> None:
    async with socket_api() as api, asking(api) as model:
        assert await asyncio.gather(*(events_of(model) for _ in range(5))) == [RESPONSE] * 5
    assert api.sockets == [1] * 5


async def test_a_socket_found_closed_is_opened_anew_and_the_request_sent_there() -> None:
    async with socket_api([*RESPONSE, "close"], RESPONSE) as api, asking(api) as model:
        await events_of(model)
        await api.is_left()
        assert await events_of(model) == RESPONSE
    assert api.sockets == [1, 2]


async def test_that_is_done_once() -> None:
    async with socket_api([*RESPONSE, "close"], ["close"]) as api, asking(api) as model:
        await events_of(model)
        await api.is_left()
        assert "without a word" in str(await failure(model))
    assert api.sockets == [1, 2]


@pytest.mark.parametrize("end", ["close", "break"])
async def test_a_used_socket_that_closes_before_the_first_event_is_an_error(end: Step) -> None:
    async with socket_api(RESPONSE, [end], RESPONSE) as api, asking(api) as model:
        await events_of(model)
        assert "not repeated" in str(await failure(model))
        assert api.sockets == [1, 1]
        assert await events_of(model) == RESPONSE
    assert api.sockets == [1, 1, 2]


@pytest.mark.parametrize("end", ["close", "break"])
async def test_a_new_socket_that_closes_without_a_word_is_explained(end: Step) -> None:
    async with socket_api([end]) as api, asking(api) as model:
        assert "may have no WebSocket mode" in str(await failure(model))
    assert len(api.asked) == 1


@pytest.mark.parametrize("end", ["close", "break"])
async def test_a_socket_that_closes_during_a_response_is_an_error(end: Step) -> None:
    async with socket_api([CREATED, DELTA, end], RESPONSE) as api, asking(api) as model:
        told = []
        with pytest.raises(ModelError, match="before the response was complete"):
            async for event in model.stream(HELLO):
                told.append(event)
        assert told == [CREATED, DELTA]
        assert await events_of(model) == RESPONSE
    assert api.sockets == [1, 2]


@pytest.mark.parametrize("end", ["close", "break"])
async def test_a_socket_may_close_after_a_response(end: Step) -> None:
    async with socket_api([*RESPONSE, end]) as api, asking(api) as model:
        assert await events_of(model) == RESPONSE


async def test_leaving_a_response_gives_its_socket_up() -> None:
    async with socket_api([CREATED], RESPONSE) as api, asking(api) as model:
        events = model.stream(HELLO)
        await anext(events)
        await events.aclose()
        await api.is_left(0)
        assert await events_of(model) == RESPONSE
    assert api.sockets == [1, 2]


async def test_cancelling_a_response_gives_its_socket_up() -> None:
    begun = asyncio.Event()
    async with socket_api([CREATED], RESPONSE) as api, asking(api) as model:

        async def read() -> None:
            async for _ in model.stream(HELLO):
                begun.set()

        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            task = tasks.create_task(read(), name="reads")
            await begun.wait()
            task.cancel()
        await api.is_left(0)
        assert await events_of(model) == RESPONSE
    assert api.sockets == [1, 2]


async def test_a_reader_that_leaves_with_the_last_event_keeps_the_socket() -> None:
    async with socket_api() as api, asking(api) as model:
        for _ in range(2):
            events = model.stream(HELLO)
            while await anext(events) != COMPLETED:
                pass
            await events.aclose()
    assert api.sockets == [1, 1]


async def test_an_error_is_told_with_its_status_and_the_socket_stays() -> None:
    async with socket_api([REFUSED], RESPONSE) as api, asking(api) as model:
        error = await failure(model)
        assert await events_of(model) == RESPONSE
    assert str(error).endswith("gave up: no *** (HTTP 404)")
    assert (error.status, error.code) == (404, "previous_response_not_found")
    assert api.sockets == [1, 1]


async def test_an_error_during_a_response_gives_the_socket_up() -> None:
    async with socket_api([CREATED, REFUSED], RESPONSE) as api, asking(api) as model:
        await failure(model)
        await events_of(model)
    assert api.sockets == [1, 2]


async def test_a_used_socket_at_its_time_limit_is_replaced() -> None:
    async with socket_api(RESPONSE, [LIMIT, "close"], RESPONSE) as api, asking(api) as model:
        await events_of(model)
        assert await events_of(model) == RESPONSE
    assert api.sockets == [1, 1, 2]


async def test_a_time_limit_that_is_told_while_nobody_asks_is_no_answer() -> None:
    async with socket_api([*RESPONSE, LIMIT], RESPONSE) as api, asking(api) as model:
        await events_of(model)
        assert await events_of(model) == RESPONSE
    assert api.sockets[-1] == 2


async def test_a_time_limit_within_a_response_replaces_the_socket_for_the_next() -> None:
    async with socket_api([CREATED, LIMIT], RESPONSE) as api, asking(api) as model:
        error = await failure(model)
        await events_of(model)
    assert error.code == "websocket_connection_limit_reached"
    assert api.sockets == [1, 2]


async def test_a_new_socket_at_its_time_limit_is_an_error() -> None:
    async with socket_api([LIMIT], RESPONSE) as api, asking(api) as model:
        await failure(model)
        await events_of(model)
    assert api.sockets == [1, 2]


async def test_an_old_socket_is_not_used_again() -> None:
    async with socket_api() as api, asking(api, max_age_s=0.0) as model:
        await events_of(model)
        await events_of(model)
        await api.is_left(0)
        assert api.connections[0].close_code == 1000
    assert api.sockets == [1, 2]


async def test_a_socket_is_kept_as_long_as_its_key_is_the_same() -> None:
    keys = iter(["first", "first", "second"])
    async with socket_api() as api, asking(api, key=lambda: next(keys)) as model:
        for _ in range(3):
            await events_of(model)
    assert api.sockets == [1, 1, 2]
    sent = [handshake.headers["Authorization"] for handshake in api.handshakes]
    assert sent == ["Bearer first", "Bearer second"]


async def test_a_handshake_that_is_refused_for_now_is_made_again() -> None:
    async with socket_api() as api, asking(api) as model:
        api.refusals = [(503, b""), (429, b"")]
        assert await events_of(model) == RESPONSE
    assert api.attempts == 3


async def test_a_handshake_that_is_refused_is_an_error() -> None:
    async with socket_api() as api, asking(api) as model:
        body = b'{"error": {"message": "Wrong key %b", "code": "bad_key"}}' % KEY.encode()
        api.refusals = [(401, body)]
        error = await failure(model)
    assert str(error).endswith("/v1/responses refused the socket: Wrong key *** (HTTP 401)")
    assert (error.status, error.code) == (401, "bad_key")
    assert api.attempts == 1


async def test_a_redirect_is_not_followed() -> None:
    async with socket_api() as other, socket_api() as api, asking(api) as model:
        api.refusals, api.location = [(302, b"")], other.url.replace("http", "ws")
        assert (await failure(model)).status == 302
    assert other.attempts == 0


async def test_a_handshake_has_a_time_limit() -> None:
    is_over = asyncio.Event()
    options = TransportOptions(connect_timeout_s=0.05, max_retries=1)
    async with socket_api() as api, asking(api, options) as model:

        async def wait() -> None:
            await is_over.wait()

        api.admitting = wait
        assert "cannot be reached in 0.05 s" in str(await failure(model))
        is_over.set()
    assert api.attempts == 2


async def test_a_socket_that_closes_at_once_is_not_opened_again_and_again() -> None:
    async with socket_api() as api, asking(api) as model:
        api.greeting = ["close"]
        assert "without a word" in str(await failure(model))
    assert api.attempts == 1


async def test_the_time_limit_of_a_response_ends_with_it() -> None:
    async with socket_api() as api, asking(api, TransportOptions(timeout_s=0.5)) as model:
        await events_of(model)
        await asyncio.sleep(0.6)
        await events_of(model)
    assert api.sockets == [1, 1]


async def test_an_endpoint_that_does_not_speak_websocket_is_an_error() -> None:
    async with http_api() as api:
        model = ResponsesWebSocket(ModelEndpoint(api.url))
        await failure(model)


async def test_nobody_there_is_an_error() -> None:
    async with socket_api() as api:
        pass
    async with asking(api) as model:
        assert "cannot be reached" in str(await failure(model))


async def test_nonsense_is_an_error() -> None:
    async with socket_api([CREATED, b"{"], RESPONSE) as api, asking(api) as model:
        assert "not JSON" in str(await failure(model))
        await events_of(model)
    assert api.sockets == [1, 2]


@pytest.mark.parametrize("steps", [[], [CREATED]])
async def test_a_response_has_a_time_limit(steps: list[Step]) -> None:
    options = TransportOptions(timeout_s=1.0)
    async with socket_api(steps, RESPONSE) as api, asking(api, options) as model:
        error = await failure(model)
        assert "in time" in str(error) or "too long" in str(error)
        assert await events_of(model) == RESPONSE
    assert api.sockets == [1, 2]


async def test_who_waits_for_the_turn_has_all_the_time_afterwards() -> None:
    async with socket_api() as api, asking(api, TransportOptions(timeout_s=1.0)) as model:
        first = model.stream(HELLO)
        await anext(first)
        async with asyncio.TaskGroup() as tasks:
            second = tasks.create_task(events_of(model), name="second")
            await asyncio.sleep(0.8)
            await first.aclose()
        assert second.result() == RESPONSE


async def test_closing_ends_a_response_and_refuses_the_next() -> None:
    async with socket_api([CREATED]) as api, asking(api) as model:
        events = model.stream(HELLO)
        await anext(events)
        await model.close()
        with pytest.raises(ModelError, match="we closed"):
            await anext(events)
        await model.close()
        assert "we are closed" in str(await failure(model))
    assert len(api.asked) == 1


async def test_a_socket_that_opens_while_it_is_closed_is_closed() -> None:
    async with socket_api() as api:
        model = ResponsesWebSocket(ModelEndpoint(api.url))
        api.admitting = model.close
        assert "we are closed" in str(await failure(model))
        await api.is_left()
    assert api.asked == []


async def test_a_socket_that_answers_no_pings_is_given_up() -> None:
    options = TransportOptions(ping_interval_s=0.02, ping_timeout_s=0.05)
    async with socket_api([CREATED, "deaf"]) as api, asking(api, options) as model:
        assert "before the response was complete (1006)" in str(await failure(model))


async def test_one_that_need_not_is_not() -> None:
    options = TransportOptions(ping_interval_s=0.02, ping_timeout_s=None, timeout_s=0.3)
    async with socket_api([CREATED, "deaf"]) as api, asking(api, options) as model:
        assert "took too long" in str(await failure(model))
