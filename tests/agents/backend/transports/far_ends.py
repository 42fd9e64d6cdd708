"""APIs of models on loopback that do what they are told, over HTTP and over WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import orjson
from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from sipagent.agents.backend.model import Json, Model, ModelRequest

KEY = "sk-very-secret"

HELLO = ModelRequest("m", "Be brief.", ({"role": "user", "content": "hello"},))

CREATED: Json = {"type": "response.created", "response": {"id": "resp_1"}}
DELTA: Json = {"type": "response.output_text.delta", "delta": "Hi"}
COMPLETED: Json = {"type": "response.completed", "response": {"id": "resp_1", "output": []}}
RESPONSE = [CREATED, DELTA, COMPLETED]


def frames(*events: Json) -> bytes:
    """Return server-sent events as the Responses API writes them."""
    return b"".join(b"event: %b\n%b" % (each["type"].encode(), data(each)) for each in events)


def data(*objects: Any) -> bytes:
    """Return server-sent events without names."""
    return b"".join(b"data: %b\n\n" % orjson.dumps(each) for each in objects)


async def events_of(model: Model, request: ModelRequest = HELLO) -> list[Json]:
    """Return all events of a response."""
    return [event async for event in model.stream(request)]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer by HTTP; a status of 0 breaks the connection off."""

    pieces: Sequence[bytes] = (frames(*RESPONSE),)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "text/event-stream"
    then: Literal["end", "late end", "break", "wait"] = "end"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: Json
    at: float
    peer: int
    """Port it came from."""


class HttpApi:
    """Serve on loopback.

    Attributes:
        script: What is answered, first of all first; the last one for ever.
        asked: Every request, in order.
        left: Set when somebody left during an answer.
    """

    def __init__(self) -> None:
        self.script: list[Answer] = [Answer()]
        self.asked: list[Asked] = []
        self.left = asyncio.Event()
        self.port = 0

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Note a request, and answer it."""
        assert request.transport is not None
        peer = request.transport.get_extra_info("peername")[1]
        body, now = orjson.loads(await request.read()), asyncio.get_running_loop().time()
        self.asked.append(Asked(request.raw_path, request.headers, body, now, peer))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if not answer.status:
            request.transport.abort()
            return web.Response()
        headers = {"Content-Type": answer.content_type, **answer.headers}
        response = web.StreamResponse(status=answer.status, headers=headers)
        try:
            await response.prepare(request)
            for piece in answer.pieces:
                await response.write(piece)
            if answer.then == "late end":
                await asyncio.sleep(0.02)
            if answer.then == "wait":
                await asyncio.Event().wait()
            if answer.then == "break":
                request.transport.abort()
        except (asyncio.CancelledError, ConnectionResetError):
            self.left.set()
            raise
        return response


@asynccontextmanager
async def http_api(*script: Answer) -> AsyncIterator[HttpApi]:
    """Run one on a free port."""
    api = HttpApi()
    api.script = list(script) or api.script
    server = web.Server(api.handle, handler_cancellation=True)
    runner = web.ServerRunner(server, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.port = runner.addresses[0][1]
    try:
        yield api
    finally:
        await runner.cleanup()


Step: TypeAlias = Json | bytes | Literal["close", "break", "deaf"]
"""What is sent, or done."""


class SocketApi:
    """Serve WebSockets on loopback.

    Attributes:
        script: Steps for each request, first of all first; the last ones for ever.
        refusals: Statuses and bodies that the next handshakes are refused with.
        location: Where refused handshakes are sent.
        admitting: Awaited before a handshake is answered.
        greeting: Steps before anything is asked.
        asked: Every message, in order, with the number of its socket.
        handshakes: Those that were let in.
        attempts: How many handshakes came.
    """

    def __init__(self) -> None:
        self.script: list[Sequence[Step]] = [RESPONSE]
        self.refusals: list[tuple[int, bytes]] = []
        self.location = ""
        self.greeting: Sequence[Step] = ()
        self.admitting: Callable[[], Awaitable[None]] | None = None
        self.asked: list[tuple[int, Json]] = []
        self.handshakes: list[Request] = []
        self.connections: list[ServerConnection] = []
        self.attempts = 0
        self.port = 0

    @property
    def url(self) -> str:
        """Its base URL, in the scheme of HTTP."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def sockets(self) -> list[int]:
        """Over which socket each request came."""
        return [socket for socket, _ in self.asked]

    async def admit(self, connection: ServerConnection, _: Request) -> Response | None:
        """Let in, or not."""
        self.attempts += 1
        if self.admitting is not None:
            await self.admitting()
        status, body = self.refusals.pop(0) if self.refusals else (0, b"")
        if not status:
            return None
        refusal = connection.respond(status, body.decode())
        refusal.headers["Location"] = self.location
        return refusal

    async def handle(self, connection: ServerConnection) -> None:
        """Note what comes, and do what is said."""
        assert connection.request is not None
        self.handshakes.append(connection.request)
        self.connections.append(connection)
        number = len(self.connections)
        for step in self.greeting:
            await self._do(connection, step)
        async for message in connection:
            assert isinstance(message, str)
            self.asked.append((number, orjson.loads(message)))
            for step in self.script.pop(0) if len(self.script) > 1 else self.script[0]:
                await self._do(connection, step)

    async def is_left(self, index: int = -1) -> None:
        """Wait until the client of a socket is gone."""
        async with asyncio.timeout(5):
            await self.connections[index].wait_closed()

    async def _do(self, connection: ServerConnection, step: Step) -> None:
        if step == "close":
            await connection.close()
        elif step == "break":
            connection.transport.abort()
        elif step == "deaf":
            connection.transport.pause_reading()
        else:
            message = step if isinstance(step, bytes) else orjson.dumps(step)
            await connection.send(message, text=True)


@asynccontextmanager
async def socket_api(*script: Sequence[Step]) -> AsyncIterator[SocketApi]:
    """Run one on a free port."""
    api = SocketApi()
    api.script = list(script) or api.script
    async with serve(
        api.handle, "127.0.0.1", 0, process_request=api.admit, close_timeout=0.2
    ) as server:
        api.port = next(iter(server.sockets)).getsockname()[1]
        yield api
