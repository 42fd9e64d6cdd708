"""The Responses API over HTTP."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import orjson
import pytest

from sipagent.agents.backend.model import Model, ModelRequest
from sipagent.agents.backend.transports import retries
from sipagent.agents.backend.transports.endpoint import ApiKey, ModelEndpoint
from sipagent.agents.backend.transports.http import ResponsesHttp
from sipagent.agents.backend.transports.options import TransportOptions
from sipagent.errors import ConfigError, ModelError

from .far_ends import (
    COMPLETED,
    CREATED,
    DELTA,
    HELLO,
    KEY,
    RESPONSE,
    Answer,
    events_of,
    frames,
    http_api,
)

QUICK = TransportOptions(silence_timeout_s=0.05)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_DELAY_S", 0.001)


@asynccontextmanager
async def asking(
    url: str, options: TransportOptions | None = None, *, key: ApiKey = KEY, model: str = ""
) -> AsyncIterator[ResponsesHttp]:
    """Yield a model, and close it."""
    made = ResponsesHttp(ModelEndpoint(url, key), model, options)
    try:
        yield made
    finally:
        await made.close()


async def failure(url: str, options: TransportOptions | None = None) -> ModelError:
    """Ask in vain; return how it failed."""
    async with asking(url, options) as model:
        with pytest.raises(ModelError) as caught:
            await events_of(model)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    return caught.value


async def test_a_response_is_asked_for_as_the_api_wants_it() -> None:
    async with http_api() as api, asking(api.url) as model:
        assert await events_of(model) == RESPONSE
    (asked,) = api.asked
    assert asked.path == "/v1/responses"
    assert asked.body == HELLO.body(stream=True)
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Accept"] == "text/event-stream"
    assert asked.headers["Accept-Encoding"] == "identity"
    assert asked.headers["User-Agent"] == "sipagent"


def test_it_is_a_model() -> None:
    assert isinstance(ResponsesHttp(ModelEndpoint("http://h")), Model)


async def test_a_model_with_a_name_is_asked_by_it() -> None:
    async with http_api() as api, asking(api.url, model="own") as model:
        await events_of(model)
    assert api.asked[0].body["model"] == "own"


async def test_events_come_as_they_are_written_however_they_are_cut() -> None:
    written = frames(*RESPONSE)
    pieces = [written[at : at + 7] for at in range(0, len(written), 7)]
    async with http_api(Answer(pieces)) as api, asking(api.url) as model:
        assert await events_of(model) == RESPONSE


async def test_events_do_not_wait_for_the_end() -> None:
    answer = Answer([frames(CREATED, DELTA)], then="wait")
    async with http_api(answer) as api, asking(api.url) as model:
        events = model.stream(HELLO)
        assert await anext(events) == CREATED
        assert await anext(events) == DELTA
        await events.aclose()


async def test_closing_the_iterator_hangs_up() -> None:
    answer = Answer([frames(CREATED)], then="wait")
    async with http_api(answer) as api, asking(api.url) as model:
        events = model.stream(HELLO)
        await anext(events)
        await events.aclose()
        async with asyncio.timeout(5):
            await api.left.wait()


async def test_cancelling_hangs_up() -> None:
    answer = Answer([frames(CREATED)], then="wait")
    async with http_api(answer) as api, asking(api.url) as model:
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in model.stream(HELLO):
                begun.set()

        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            task = tasks.create_task(read(), name="reads")
            await begun.wait()
            task.cancel()
            await api.left.wait()


async def test_the_connection_is_used_again() -> None:
    async with http_api() as api, asking(api.url) as model:
        for _ in range(3):
            await events_of(model)
    assert len({asked.peer for asked in api.asked}) == 1


async def test_a_reader_that_leaves_with_the_last_event_keeps_the_connection() -> None:
    async with http_api() as api, asking(api.url) as model:
        for _ in range(2):
            async with aclosing(model.stream(HELLO)) as events:
                async for event in events:
                    if event == COMPLETED:
                        break
    assert len({asked.peer for asked in api.asked}) == 1


async def test_the_end_of_a_stream_may_come_a_little_later() -> None:
    async with http_api(Answer(then="late end")) as api, asking(api.url) as model:
        for _ in range(2):
            await events_of(model)
    assert len({asked.peer for asked in api.asked}) == 1


async def test_a_stream_that_does_not_end_with_its_last_event_is_left() -> None:
    answer = Answer(then="wait")
    async with http_api(answer) as api, asking(api.url) as model:
        assert await events_of(model) == RESPONSE
        async with asyncio.timeout(5):
            await api.left.wait()


@pytest.mark.parametrize("kind", ["response.completed", "response.failed", "response.incomplete"])
async def test_what_comes_after_the_end_is_not_told(kind: str) -> None:
    end = {"type": kind, "response": {}}
    async with http_api(Answer([frames(CREATED, end, DELTA)])) as api, asking(api.url) as model:
        assert await events_of(model) == [CREATED, end]


async def test_many_ask_at_once() -> None:
    answer = Answer([frames(CREATED)], then="wait")
    count = 101  # more than the library's own limit, where the last one would wait for ever
    async with http_api(answer) as api, asking(api.url) as model, asyncio.timeout(30):
        asked = [model.stream(HELLO) for _ in range(count)]
        assert await asyncio.gather(*map(anext, asked)) == [CREATED] * count
        for events in asked:
            await events.aclose()


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_a_busy_endpoint_is_asked_again(status: int) -> None:
    script = [Answer((), status), Answer((), status), Answer()]
    async with http_api(*script) as api, asking(api.url) as model:
        assert await events_of(model) == RESPONSE
    assert len(api.asked) == 3


async def test_it_is_asked_three_times_at_most() -> None:
    async with http_api(Answer((), 503)) as api:
        error = await failure(api.url)
    assert error.status == 503
    assert len(api.asked) == 3


async def test_nor_more_often_than_wanted() -> None:
    async with http_api(Answer((), 503)) as api:
        await failure(api.url, TransportOptions(max_retries=0))
    assert len(api.asked) == 1


async def test_the_endpoint_is_left_alone_as_long_as_it_wants() -> None:
    busy = Answer((), 429, {"retry-after-ms": "150"})
    async with http_api(busy, Answer()) as api, asking(api.url) as model:
        await events_of(model)
    first, second = api.asked
    assert second.at - first.at >= 0.15


async def test_an_endpoint_that_wants_long_quiet_is_given_up() -> None:
    async with http_api(Answer((), 429, {"Retry-After": "60"})) as api:
        assert (await failure(api.url)).status == 429
    assert len(api.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_refusal_is_told_with_what_was_said(status: int) -> None:
    said = {"error": {"message": f"Wrong key {KEY}", "type": "t", "param": None, "code": "bad_key"}}
    answer = Answer([orjson.dumps(said)], status, content_type="application/json")
    async with http_api(answer) as api:
        error = await failure(api.url)
        where = f"{api.url}/responses"
    assert str(error) == f"{where} refused the request: Wrong key *** (HTTP {status})"
    assert (error.status, error.code) == (status, "bad_key")
    assert len(api.asked) == 1


async def test_a_redirect_is_not_followed() -> None:
    async with http_api() as other, http_api(Answer((), 307, {"Location": other.url})) as api:
        error = await failure(api.url)
    assert error.status == 307
    assert other.asked == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/json", b'{"error": {"message": "no"}}'), ("text/html", b"<html>")],
)
async def test_an_answer_that_is_no_stream_is_an_error(content_type: str, body: bytes) -> None:
    async with http_api(Answer([body], content_type=content_type)) as api:
        error = await failure(api.url)
    assert "no stream of events" in str(error)
    assert len(api.asked) == 1


async def test_a_connection_that_breaks_before_the_first_event_is_made_again() -> None:
    script = [Answer(status=0), Answer([b": wait\n\n"], then="break"), Answer()]
    async with http_api(*script) as api, asking(api.url) as model:
        assert await events_of(model) == RESPONSE
    assert len(api.asked) == 3


async def test_a_connection_that_breaks_after_an_event_is_an_error() -> None:
    async with http_api(Answer([frames(CREATED)], then="break")) as api, asking(api.url) as model:
        told = []
        with pytest.raises(ModelError, match="broke off"):
            async for event in model.stream(HELLO):
                told.append(event)
    assert told == [CREATED]
    assert len(api.asked) == 1


@pytest.mark.parametrize("pieces", [(), (frames(CREATED, DELTA),)])
async def test_a_stream_without_an_end_is_an_error(pieces: tuple[bytes, ...]) -> None:
    async with http_api(Answer(pieces)) as api:
        error = await failure(api.url)
    assert "before the response was complete" in str(error)
    assert len(api.asked) == 1


@pytest.mark.parametrize("text", [b"data: {\n\n", b"data: []\n\n", b"data: {}\n\n"])
async def test_nonsense_is_an_error(text: bytes) -> None:
    async with http_api(Answer([frames(CREATED), text])) as api:
        assert "event" in str(await failure(api.url))


async def test_a_type_may_stand_beside_the_event() -> None:
    answer = Answer([b"event: response.completed\ndata: {}\n\n"])
    async with http_api(answer) as api, asking(api.url) as model:
        assert await events_of(model) == [{"type": "response.completed"}]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "c", "message": f"no {KEY}", "param": None},
        {"type": "error", "error": {"code": "c", "message": f"no {KEY}"}},
        {"type": "response.error", "error": {"code": "c", "message": f"no {KEY}"}},
    ],
)
async def test_an_error_event_ends_the_response(event: dict[str, object]) -> None:
    async with http_api(Answer([frames(CREATED, event)])) as api:
        error = await failure(api.url)
    assert str(error).endswith("gave up: no ***")
    assert error.code == "c"


async def test_nobody_there_is_an_error() -> None:
    async with http_api() as api:
        url = api.url
    assert "cannot be reached: Connection refused" in str(await failure(url))


async def test_silence_is_an_error_and_not_asked_about_again() -> None:
    async with http_api(Answer((b": hello\n\n",), then="wait")) as api:
        assert "took too long" in str(await failure(api.url, QUICK))
    assert len(api.asked) == 1


async def test_silence_within_a_response_is_an_error() -> None:
    async with http_api(Answer([frames(CREATED)], then="wait")) as api:
        assert "took too long" in str(await failure(api.url, QUICK))


@pytest.mark.parametrize("pieces", [(b": hello\n\n",), (frames(CREATED),)])
async def test_a_response_has_a_time_limit_as_a_whole(pieces: tuple[bytes, ...]) -> None:
    async with http_api(Answer(pieces, then="wait")) as api:
        await failure(api.url, TransportOptions(timeout_s=0.1))
    assert len(api.asked) == 1


async def test_the_time_limit_holds_for_the_pauses_too() -> None:
    async with http_api(Answer((), 429, {"Retry-After": "9"})) as api:
        error = await failure(api.url, TransportOptions(timeout_s=0.1))
    assert "in time" in str(error)


async def test_a_key_is_asked_for_before_each_attempt() -> None:
    keys, script = iter(["first", "second"]), [Answer((), 503), Answer()]
    async with http_api(*script) as api, asking(api.url, key=lambda: next(keys)) as model:
        await events_of(model)
    sent = [asked.headers["Authorization"] for asked in api.asked]
    assert sent == ["Bearer first", "Bearer second"]


async def test_what_is_no_json_is_not_sent() -> None:
    request = ModelRequest("m", "", ({"role": "user", "content": {1, 2}},))
    async with http_api() as api, asking(api.url) as model:
        with pytest.raises(ModelError, match="cannot be asked"):
            await events_of(model, request)
    assert api.asked == []


async def test_closing_ends_what_is_read_and_what_will_be() -> None:
    async with http_api(Answer([frames(CREATED)], then="wait")) as api:
        model = ResponsesHttp(ModelEndpoint(api.url))
        events = model.stream(HELLO)
        await anext(events)
        await model.close()
        with pytest.raises(ModelError):
            await anext(events)
        await model.close()
        with pytest.raises(ModelError, match="closed"):
            await events_of(model)
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("connect_timeout_s", 0),
        ("silence_timeout_s", -1),
        ("timeout_s", 0),
        ("ping_interval_s", 0),
        ("max_retries", -1),
        ("longest_retry_after_s", -1),
    ],
)
def test_a_limit_that_has_no_meaning_is_refused(name: str, value: float) -> None:
    options: dict[str, float] = {name: value}
    with pytest.raises(ConfigError) as caught:
        TransportOptions(**options)  # type: ignore[arg-type]
    assert caught.value.where == name
