"""How a session begins, or does not."""

from __future__ import annotations

import asyncio
import socket

import pytest

from sipagent.errors import SessionError, SessionLost, SessionRejected, SessionTimeout
from sipagent.realtime import connection as connection_module
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session import RealtimeSession
from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.fakes.scripted_endpoint import CONFIGURED, scripted_endpoint

from .playbook import PCMU, error, reception


def new_session() -> RealtimeSession:
    return RealtimeSession(reception(), SessionOptions(PCMU, PCMU))


async def test_a_session_is_connected_when_the_endpoint_confirmed_it() -> None:
    async with scripted_endpoint() as far_end, asyncio.TaskGroup() as tasks:
        far_end.answers = {"session.update": [{"type": "session.created", "session": {}}]}
        session = new_session()
        connecting = tasks.create_task(session.connect(Endpoint(far_end.url, "m")))
        await far_end.has_received("session.update")
        assert not connecting.done()
        await far_end.say(CONFIGURED)
        await connecting
        await session.close()


async def test_the_configuration_is_the_first_message() -> None:
    async with scripted_endpoint() as far_end:
        session = new_session()
        await session.connect(Endpoint(far_end.url, "m"))
        await session.close()
        assert far_end.types() == ["session.update"]
        assert far_end.received[0]["session"]["instructions"] == "Receive."


async def test_the_key_and_the_model_are_part_of_the_handshake() -> None:
    async with scripted_endpoint() as far_end:
        session = new_session()
        await session.connect(Endpoint(far_end.url, "a model", api_key="sk-1"))
        await session.close()
        (request,) = far_end.requests
        assert request.path == "/v1/realtime?model=a%20model"
        assert request.headers["Authorization"] == "Bearer sk-1"


async def test_headers_of_its_own_are_sent_instead_of_the_key() -> None:
    async with scripted_endpoint() as far_end:
        session = new_session()
        endpoint = Endpoint(f"{far_end.url}?v=1", "m", api_key="sk-1", headers={"api-key": "k"})
        await session.connect(endpoint)
        await session.close()
        (request,) = far_end.requests
        assert request.path == "/v1/realtime?v=1&model=m"
        assert request.headers["api-key"] == "k"
        assert "Authorization" not in request.headers


async def test_a_refused_handshake_is_a_rejection_with_its_status() -> None:
    async with faulty_endpoint() as far_end:
        far_end.fault = "refuse"
        with pytest.raises(SessionRejected) as caught:
            await new_session().connect(Endpoint(far_end.url, "m"))
        assert caught.value.status == 401


async def test_nobody_listening_is_a_rejection_without_status() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    with pytest.raises(SessionRejected, match="cannot be reached") as caught:
        await new_session().connect(Endpoint(f"ws://127.0.0.1:{port}", "m"))
    assert caught.value.status == 0


async def test_something_else_listening_is_a_rejection() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(SessionRejected, match="is no realtime endpoint"):
            await new_session().connect(Endpoint(f"ws://127.0.0.1:{port}", "m"))


async def test_a_handshake_that_hangs_is_given_up() -> None:
    async with faulty_endpoint() as far_end:
        far_end.fault = "hang"
        endpoint = Endpoint(far_end.url, "m", handshake_timeout_s=0.05)
        with pytest.raises(SessionTimeout, match=r"the handshake in 0\.05 s"):
            await new_session().connect(endpoint)


async def test_a_confirmation_that_does_not_come_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "CONFIGURED_LIMIT_S", 0.05)
    async with scripted_endpoint() as far_end:
        far_end.answers = {}
        with pytest.raises(SessionTimeout, match="did not confirm"):
            await new_session().connect(Endpoint(far_end.url, "m"))
        assert await far_end.is_left() == 1000


async def test_an_error_before_the_confirmation_ends_it_with_what_it_says() -> None:
    async with scripted_endpoint() as far_end:
        refusal = error("invalid_value", message="Speed must be below 1.5.")
        far_end.answers = {"session.update": [refusal]}
        with pytest.raises(SessionLost, match=r"Speed must be below 1\.5\."):
            await new_session().connect(Endpoint(far_end.url, "m"))
        assert await far_end.is_left() == 1000


async def test_a_benign_error_before_the_confirmation_does_not_end_it() -> None:
    async with scripted_endpoint() as far_end:
        far_end.answers = {"session.update": [error("response_cancel_not_active"), CONFIGURED]}
        session = new_session()
        await session.connect(Endpoint(far_end.url, "m"))
        await session.close()


async def test_an_endpoint_that_leaves_before_the_confirmation_is_lost_with_its_reason() -> None:
    async with scripted_endpoint() as far_end, asyncio.TaskGroup() as tasks:
        far_end.answers = {}
        connecting = tasks.create_task(refused(new_session(), far_end.url))
        await far_end.has_received("session.update")
        await far_end.leave(1013, "try again later")
        assert "try again later" in await connecting


async def refused(session: RealtimeSession, url: str) -> str:
    """Connect in vain; return what is said of it."""
    with pytest.raises(SessionLost) as caught:
        await session.connect(Endpoint(url, "m"))
    return str(caught.value)


async def test_giving_up_while_it_connects_leaves_nothing_open() -> None:
    async with scripted_endpoint() as far_end:
        far_end.answers = {}
        before = asyncio.all_tasks()
        async with asyncio.TaskGroup() as tasks:
            connecting = tasks.create_task(new_session().connect(Endpoint(far_end.url, "m")))
            await far_end.has_received("session.update")
            connecting.cancel()
        assert connecting.cancelled()
        assert await far_end.is_left() == 1000
        assert asyncio.all_tasks() == before


async def test_closing_while_it_connects_leaves_nothing_open() -> None:
    async with scripted_endpoint() as far_end, asyncio.TaskGroup() as tasks:
        session = new_session()
        connecting = tasks.create_task(refused(session, far_end.url))
        await asyncio.sleep(0)  # it has begun
        await session.close()
        assert "not open" in await connecting
        assert await far_end.is_left() == 1000


async def test_closing_at_the_moment_of_the_confirmation_leaves_nothing_open() -> None:
    closing: list[asyncio.Future[None]] = []

    def close(direction: str, _: str | bytes) -> None:
        if direction == "in":
            closing.append(asyncio.ensure_future(session.close()))

    async with scripted_endpoint() as far_end:
        session = RealtimeSession(reception(), on_message=close)
        assert "not open" in await refused(session, far_end.url)
        await asyncio.gather(*closing)
        assert await far_end.is_left() == 1000


async def test_a_session_is_connected_once() -> None:
    async with scripted_endpoint() as far_end:
        session = new_session()
        await session.connect(Endpoint(far_end.url, "m"))
        with pytest.raises(SessionError, match="already connected"):
            await session.connect(Endpoint(far_end.url, "m"))
        await session.close()


async def test_a_session_that_is_connecting_is_not_connected_again() -> None:
    async with scripted_endpoint() as far_end, asyncio.TaskGroup() as tasks:
        session = new_session()
        connecting = tasks.create_task(session.connect(Endpoint(far_end.url, "m")))
        await asyncio.sleep(0)  # it has begun
        with pytest.raises(SessionError, match="already connected or connecting"):
            await session.connect(Endpoint(far_end.url, "m"))
        await connecting
        await session.close()
        assert len(far_end.requests) == 1


async def test_a_rejected_session_may_try_again() -> None:
    async with faulty_endpoint() as far_end:
        far_end.fault = "refuse"
        session = new_session()
        with pytest.raises(SessionRejected):
            await session.connect(Endpoint(far_end.url, "m"))
        far_end.fault = ""
        await session.connect(Endpoint(far_end.url, "m"))
        await session.close()


async def test_nothing_can_be_sent_before_it_is_connected() -> None:
    session = new_session()
    with pytest.raises(SessionLost, match="not open"):
        await session.append_audio(b"\xff")
