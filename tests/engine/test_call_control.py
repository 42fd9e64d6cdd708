"""Sockets that control a call: as many as like, and none keeps the call from going on."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sipagent.engine.audience import Member
from tests.loopback.client import LIMIT_S, Client, words

from .switchboard import ACCEPT, Call, Switchboard, switchboard

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def closed(client: Client) -> int:
    """Return the code an open socket is closed with; what comes before is read."""
    with pytest.raises(ConnectionClosed) as caught:
        await client.until("nothing that ever comes")
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


async def refused(board: Switchboard, realtime_call_id: str) -> tuple[int, bytes]:
    """Return status and body of a handshake that fails."""
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"{board.url}?call_id={realtime_call_id}"):
            pass
    return caught.value.response.status_code, bytes(caught.value.response.body or b"")


async def test_who_attaches_is_told_the_session_that_was_accepted(board: Switchboard) -> None:
    call = board.ring()
    await call.accept(instructions="Be brief.")
    async with call.control() as client:
        session = client.events[0]["session"]
        assert (session["instructions"], session["model"]) == ("Be brief.", "gpt-realtime")
        await client.update(instructions="Be briefer.")
    async with call.control() as client:
        assert client.events[0]["session"]["id"] == session["id"]
        assert client.events[0]["session"]["instructions"] == "Be briefer."


async def test_a_call_may_be_controlled_before_its_leg_is_answered(board: Switchboard) -> None:
    call = board.ring()
    await call.post("accept", ACCEPT)
    async with call.control() as client:
        response = await client.ask("say:Good morning.")
        assert words(response) == ["Good morning."]
        assert call.leg.pushed == {}
        call.leg.connected()
        call.leg.press("1")
        await client.until("input_audio_buffer.dtmf_event_received")
        assert list(call.leg.pushed) == [response["output"][0]["id"]]


async def test_there_is_nothing_to_attach_to_without_a_session(board: Switchboard) -> None:
    call = board.ring()
    status, body = await refused(board, call.realtime_call_id)
    assert (status, b'"call_conflict"' in body) == (409, True)
    call.leg.caller_gone()
    await board.calls.decided(call.realtime_call_id)
    for realtime_call_id in (call.realtime_call_id, "rtc_0", ""):
        status, body = await refused(board, realtime_call_id)
        assert (status, b'"call_not_found"' in body) == (404, True)


async def test_every_socket_hears_everything_and_each_may_ask(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as one, call.control() as two:
        said = await one.ask("say:One.")
        assert await two.done() == said
        assert words(await two.ask("say:Two.")) == ["Two."]
        assert words(await one.done()) == ["Two."]
        same = [event for event in one.events if event["type"] != "session.created"]
        assert same == [event for event in two.events if event["type"] != "session.created"]


async def test_an_error_is_told_to_whom_it_concerns(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as one, call.control() as two:
        error = await one.error_of("response.cancel", event_id="mine")
        assert error["event_id"] == "mine"
        await one.update(instructions="Hello.")
        await two.until("session.updated")
        assert "error" not in two.types()


async def test_a_socket_that_closes_leaves_the_call_and_the_others(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as one:
        async with call.control() as two:
            await two.type_in("long:999")
            await two.until("response.output_audio_transcript.delta")
        await one.until("response.created")
        await one.send("response.cancel")
        assert (await one.done())["status"] == "cancelled"
    assert call.leg.commands == [("answer", None)]


async def test_a_call_goes_on_while_nobody_controls_it(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        await client.type_in("say:Hello.")
        await client.until("conversation.item.done")
    async with call.control() as client:
        assert words(await client.ask("say:Again.")) == ["Again."]


async def deaf(call: Call) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Control a call over a socket that is not read any further than its handshake."""
    where = urlsplit(call.board.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=1_024)
    lines = [
        f"GET {where.path}?call_id={call.realtime_call_id} HTTP/1.1",
        "Host: engine",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    assert b"101" in await reader.readline()
    return reader, writer


async def test_a_socket_that_does_not_read_is_dropped_and_no_other(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sipagent.engine.audience.MOST_UNREAD", 10)
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        reader, writer = await deaf(call)
        for _ in range(30):  # more than the buffers of both ends of a connection hold
            await client.update(instructions="x" * 1_000_000)
        assert words(await client.ask("say:Still here.")) == ["Still here."]
        async with asyncio.timeout(LIMIT_S):
            with suppress(ConnectionResetError):
                await reader.read()
        writer.transport.abort()


@pytest.mark.parametrize("who", ["caller", "client"])
async def test_the_end_of_a_call_closes_its_sockets(board: Switchboard, who: str) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as one, call.control() as two:
        await one.type_in("long:999")
        await two.until("response.output_audio_transcript.delta")
        if who == "caller":
            call.leg.caller_gone()
        else:
            await call.post("hangup")
        assert set(await asyncio.gather(closed(one), closed(two))) == {1000}
    assert (await call.post("hangup"))[0] == 404


async def test_a_caller_who_is_gone_before_the_answer_closes_the_sockets_too(
    board: Switchboard,
) -> None:
    call = board.ring()
    await call.post("accept", ACCEPT)
    async with call.control() as client:
        await client.type_in("say:Hello.")
        call.leg.caller_gone()
        assert await closed(client) == 1000


async def test_a_call_whose_time_is_over_is_told_and_hung_up(tmp_path: Path) -> None:
    async with switchboard(tmp_path, session_limit_s=0.5) as board:
        call: Call = board.ring()
        await call.accept()
        async with call.control() as client:
            error = (await client.until("error"))["error"]
            assert error["code"] == "session_expired"
            assert await closed(client) == 1000
        assert call.leg.commands == [("answer", None), ("hang_up", None)]


async def test_an_engine_that_ends_closes_the_sockets_of_calls(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        call = board.ring()
        await call.accept()
        socket = await connect(f"{board.url}?call_id={call.realtime_call_id}", compression=None)
        client = Client(socket)
        await client.until("session.created")
    assert await closed(client) in (1000, 1001)  # the call's end, or the engine's


async def test_a_call_whose_leg_fails_is_hung_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("broken")

    async with switchboard(tmp_path) as board:
        call = board.ring()
        monkeypatch.setattr(call.leg, "push", break_down)
        await call.post("accept", ACCEPT)
        async with call.control() as client:
            await client.ask("say:Hello.")
            call.leg.connected()
            assert await closed(client) == 1000
        assert call.leg.commands == [("answer", None), ("hang_up", None)]


async def test_who_was_detached_is_told_nothing_more(board: Switchboard) -> None:
    call, member = board.ring(), Member(lambda: None)
    await call.accept()
    async with call.control() as client:
        driven = board.calls.call(call.realtime_call_id)
        await driven.attach(member)
        driven.detach(member)
        await client.update(instructions="Hello.")
        member.end()
        assert "session.created" in str(await member.next())
        assert await member.next() is None


async def test_what_is_asked_of_a_call_that_is_over_is_not_done(board: Switchboard) -> None:
    call, member = board.ring(), Member(lambda: None)
    await call.accept()
    driven = board.calls.call(call.realtime_call_id)
    connection = await driven.attach(member)
    assert connection is not None
    call.leg.caller_gone()
    while await member.next() is not None:
        pass
    await connection.handle('{"type":"response.create"}')
    await connection.handle('{"type":"response.cancel"}')
    assert await driven.attach(member) is None
    member.end()
    assert await member.next() is None
