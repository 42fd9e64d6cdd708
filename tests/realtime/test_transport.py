"""How a WebSocket is opened, and what is said of one that cannot be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from sipagent.errors import ConfigError, SessionLost, SessionRejected, SessionTimeout
from sipagent.realtime.endpoint import OPENAI_URL, Endpoint
from sipagent.realtime.transport import open_transport
from tests.fakes.scripted_endpoint import scripted_endpoint

from .handshakes import ACCEPTED, KEY, answering, assert_nothing_is_told, failure, handshake
from .playbook import Wire


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ({}, OPENAI_URL),
        ({"model": "a model/2"}, f"{OPENAI_URL}?model=a%20model%2F2"),
        ({"realtime_call_id": "rtc_1&x"}, f"{OPENAI_URL}?call_id=rtc_1%26x"),
        ({"url": "ws://h/r", "model": "m"}, "ws://h/r?model=m"),
        ({"url": "ws://h/r?v=1", "model": "m"}, "ws://h/r?v=1&model=m"),
        ({"url": "ws://h/r?v=1", "realtime_call_id": "rtc_1"}, "ws://h/r?v=1&call_id=rtc_1"),
        ({"verbatim_url": "ws://h/x?y=z", "model": "m"}, "ws://h/x?y=z"),
        ({"verbatim_url": "ws://h/x", "url": "ws://i", "realtime_call_id": "c"}, "ws://h/x"),
    ],
)
def test_the_address_is_verbatim_or_that_of_a_call_or_of_a_model(
    options: Wire, address: str
) -> None:
    assert Endpoint(**options).address == address


def test_a_call_and_a_model_exclude_each_other() -> None:
    with pytest.raises(ConfigError) as caught:
        Endpoint(model="gpt-realtime", realtime_call_id="rtc_1")
    assert caught.value.where == "realtime_call_id"


@pytest.mark.parametrize(
    "name", ["handshake_timeout_s", "ping_interval_s", "ping_timeout_s", "max_size_bytes"]
)
def test_a_limit_is_more_than_nothing(name: str) -> None:
    options: Wire = {name: 0}
    with pytest.raises(ConfigError) as caught:
        Endpoint(**options)
    assert caught.value.where == name


async def test_the_address_that_is_opened_is_this_one() -> None:
    request = await handshake(realtime_call_id="rtc_1")
    assert request.path == "/v1/realtime?call_id=rtc_1"


async def test_we_say_who_we_are_and_compress_nothing() -> None:
    request = await handshake()
    assert request.headers.get_all("User-Agent") == ["sipagent"]
    assert "Sec-WebSocket-Extensions" not in request.headers
    assert "Sec-WebSocket-Protocol" not in request.headers
    assert "Authorization" not in request.headers
    assert "OpenAI-Beta" not in request.headers


async def test_headers_of_its_own_replace_the_key_and_may_name_another_agent() -> None:
    keys = iter([KEY])
    headers = {"api-key": "k", "User-Agent": "other"}
    request = await handshake(api_key=lambda: next(keys), headers=headers)
    assert request.headers["api-key"] == "k"
    assert request.headers.get_all("User-Agent") == ["other"]
    assert "Authorization" not in request.headers
    assert list(keys) == [KEY]  # nobody asked


async def later_key() -> str:
    """Return a key after a moment."""
    await asyncio.sleep(0)
    return KEY


@pytest.mark.parametrize("key", [KEY, lambda: KEY, later_key, lambda: f"{KEY}\n"])
async def test_a_key_is_a_text_or_what_makes_one(key: Any) -> None:
    request = await handshake(api_key=key)
    assert request.headers.get_all("Authorization") == [f"Bearer {KEY}"]


async def test_a_key_is_asked_for_once_for_each_connection() -> None:
    keys = iter(["first", "second"])
    async with scripted_endpoint() as far_end:
        endpoint = Endpoint(far_end.url, api_key=lambda: next(keys))
        for _ in range(2):
            transport = await open_transport(endpoint)
            await transport.close()
        asked = [request.headers["Authorization"] for request in far_end.requests]
        assert asked == ["Bearer first", "Bearer second"]
        assert next(keys, "none") == "none"


async def test_subprotocols_are_offered() -> None:
    async with serve(
        _idle, "127.0.0.1", 0, subprotocols=[Subprotocol("realtime")], close_timeout=0.2
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        offered = ("realtime", f"openai-insecure-api-key.{KEY}")
        transport = await open_transport(Endpoint(f"ws://127.0.0.1:{port}", subprotocols=offered))
        (connection,) = server.connections
        assert connection.request is not None
        assert connection.request.headers["Sec-WebSocket-Protocol"] == ", ".join(offered)
        await transport.close()


async def _idle(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def test_limits_may_all_be_lifted() -> None:
    lifted: Wire = dict.fromkeys(
        ("handshake_timeout_s", "ping_interval_s", "ping_timeout_s", "max_size_bytes")
    )
    async with scripted_endpoint() as far_end:
        transport = await open_transport(Endpoint(far_end.url, **lifted))
        await far_end.say("x" * 17 * 1024 * 1024)
        assert len(await transport.receive()) == 17 * 1024 * 1024
        await transport.close()


async def test_a_message_above_the_limit_ends_the_session() -> None:
    async with scripted_endpoint() as far_end:
        transport = await open_transport(Endpoint(far_end.url, max_size_bytes=10))
        await far_end.say("x" * 11)
        with pytest.raises(SessionLost):
            await transport.receive()
        assert await far_end.is_left() == 1009


async def test_a_peer_that_answers_no_ping_is_lost() -> None:
    async with answering(*ACCEPTED) as url:
        endpoint = Endpoint(url, ping_interval_s=0.01, ping_timeout_s=0.01)
        transport = await open_transport(endpoint)
        async with asyncio.timeout(5):
            with pytest.raises(SessionLost) as caught:
                await transport.receive()
        assert caught.value.close_code == 1006


async def test_a_transport_that_was_closed_sends_nothing() -> None:
    async with scripted_endpoint() as far_end:
        transport = await open_transport(Endpoint(far_end.url))
        await transport.close()
        await transport.close()
        with pytest.raises(SessionLost):
            await transport.send("{}")


async def test_a_key_that_is_slow_counts_as_the_handshake() -> None:
    async def never() -> str:
        await asyncio.Event().wait()
        return KEY

    failed = await failure(Endpoint("ws://127.0.0.1:9", api_key=never, handshake_timeout_s=0.01))
    assert isinstance(failed, SessionTimeout)


async def test_a_timeout_of_the_network_is_no_timeout_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def time_out(*_: Any, **__: Any) -> None:
        raise TimeoutError(110, "Connection timed out")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", time_out)
    failed = await failure(Endpoint("ws://127.0.0.1:9", handshake_timeout_s=None))
    assert isinstance(failed, SessionRejected)
    assert "cannot be reached: timed out" in str(failed)


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        f"user:{KEY}@nonsense",
        "http://127.0.0.1/",
        "ws://",
        "ws://127.0.0.1:99999/",
        "ws://127.0.0.1:9x/",
        "ws://[::1/",
        "ws://a..b/",
        "ws://127.0.0.1/#there",
        "ws://127.0.0.1:9/",
    ],
)
async def test_an_address_where_nobody_can_be_is_a_rejection(address: str) -> None:
    failed = await failure(Endpoint(verbatim_url=f"{address}?api-key={KEY}"))
    assert isinstance(failed, SessionRejected)
    assert failed.status == 0
    assert_nothing_is_told(failed)
