"""One client's session with the engine: messages in order, answers and errors out."""

from __future__ import annotations

from secrets import token_hex
from typing import Protocol

import orjson

from sipagent.errors import WireError
from sipagent.wire import client, server
from sipagent.wire.codec import decode_client, encode
from sipagent.wire.events import Event, UnknownEvent

from .brain.brain import Brain
from .brain.script import Script
from .checks import InvalidConfigError, Json
from .hearing import Hearing
from .idle_watch import IdleWatch
from .items import Conversation, checked_item
from .lifetime import expire
from .mcp.tools import McpTools
from .nesting import is_too_deep
from .responding import Responder
from .session_config import DEFAULT_MODEL, default_session, updated_session
from .stt.pool import RecogniserPool
from .tasks import Tasks
from .tts.speaker import Speaker


class Socket(Protocol):
    """What a connection needs of its WebSocket."""

    async def send(self, message: str) -> None:
        """Send one text message.

        Raises:
            ConnectionResetError: If the client has gone.
        """

    async def close(self, code: int) -> None:
        """Close it; its messages end."""


class Connection:
    """Serve one client.

    Args:
        socket: Where events go.
        model: Of the URL; None: the first update that names one decides.
        scripts: By prompt id.
        recognisers: Shared.
        speaker: Shared.
        now: Unix seconds, for ``expires_at``.
        limit_s: How long it may last.
    """

    def __init__(
        self,
        socket: Socket,
        model: str | None,
        *,
        scripts: dict[str, Script],
        recognisers: RecogniserPool,
        speaker: Speaker,
        now: int,
        limit_s: float,
    ) -> None:
        self._socket, self._scripts, self._limit_s = socket, scripts, limit_s
        self._has_model = model is not None
        expires_at = now + int(limit_s)
        self._session = default_session(f"sess_{token_hex(10)}", model or DEFAULT_MODEL, expires_at)
        self._conversation = Conversation()
        self._brain = Brain()
        self._tasks = Tasks()
        self._idle = IdleWatch(self._timed_out)
        self._mcp = McpTools(self._conversation, self._send, self._tasks)
        self._hearing = Hearing(
            self._session,
            self._conversation,
            recognisers,
            self._idle,
            interrupt=self._interrupt,
            answer=self._answer,
            send=self._send,
            tasks=self._tasks,
        )
        self._responder = Responder(
            self._conversation,
            self._brain_of,
            speaker,
            self._mcp,
            self._idle,
            heard=self._hearing.known,
            send=self._send,
            tasks=self._tasks,
        )

    async def open(self, update: Json | None = None) -> None:
        """Greet the client.

        Args:
            update: Of the session before it began, as a client secret carries it.
        """
        if update is not None:
            self._apply(update)
        await self._send(server.SessionCreated(session=self._session))
        self._mcp.offer(self._session["tools"])
        self._tasks.start(self._idle.run(), "idle watch")
        self._tasks.start(expire(self._limit_s, self._send, self._socket.close), "lifetime")

    async def handle(self, message: str | bytes) -> None:
        """Handle one message; what is wrong with it is answered with ``error``."""
        try:
            event = decode_client(message)
        except WireError as error:
            await self._error(str(error), param=error.param, event_id=_event_id(message))
            return
        try:
            if is_too_deep(dict(event)):
                raise WireError("nested too deeply")
            await self._handle(event)
        except WireError as error:
            await self._error(str(error), param=error.param, event_id=event.event_id)
        except InvalidConfigError as error:
            await self._error(
                str(error), code=error.code, param=error.param, event_id=event.event_id
            )

    async def close(self) -> None:
        """Stop what is under way."""
        await self._tasks.cancel()

    async def _handle(self, event: client.ClientEvent) -> None:
        match event:
            case client.InputAudioBufferAppend(audio=audio):
                await self._hearing.append(audio)
            case client.InputAudioBufferCommit():
                await self._hearing.commit()
            case client.InputAudioBufferClear():
                await self._hearing.clear()
            case client.SessionUpdate(session=update):
                await self._update(update)
            case client.ResponseCreate(response=overrides):
                self._responder.begin(self._session, overrides)
            case client.ResponseCancel(response_id=response_id):
                self._responder.cancel(response_id)
            case client.OutputAudioBufferClear():
                raise InvalidConfigError("type", "the client of this session plays the audio")
            case UnknownEvent(type=name):
                raise InvalidConfigError("type", f"unknown event {name!r}")
            case _:
                await self._handle_item(event)

    async def _handle_item(self, event: client.ClientEvent) -> None:
        match event:
            case client.ConversationItemCreate(item=item, previous_item_id=after):
                checked = checked_item(item, f"item_{token_hex(10)}")
                await self._add_item(checked, after)
            case client.ConversationItemRetrieve(item_id=item_id):
                self._conversation.item(item_id, "retrieve")
                item = self._conversation.with_audio(item_id)
                await self._send(server.ConversationItemRetrieved(item=item))
            case client.ConversationItemDelete(item_id=item_id):
                self._conversation.delete(item_id)
                await self._send(server.ConversationItemDeleted(item_id=item_id))
            case client.ConversationItemTruncate():
                self._conversation.truncate(event.item_id, event.content_index, event.audio_end_ms)
                await self._send(
                    server.ConversationItemTruncated(
                        item_id=event.item_id,
                        content_index=event.content_index,
                        audio_end_ms=event.audio_end_ms,
                    )
                )
            case _:
                pass

    async def _update(self, update: Json) -> None:
        self._apply(update)
        await self._send(server.SessionUpdated(session=self._session))
        self._mcp.offer(self._session["tools"])

    def _apply(self, update: Json) -> None:
        self._session = updated_session(
            self._session,
            update,
            has_spoken=self._responder.has_spoken,
            takes_model=not self._has_model,
        )
        self._has_model = self._has_model or update.get("model") is not None
        self._hearing.configure(self._session)
        self._prepare(self._brain, self._session["prompt"])

    def _brain_of(self, prompt: Json | None) -> Brain:
        """Return who answers with a prompt: somebody else, if it is not the session's."""
        if prompt == self._session["prompt"]:
            return self._brain
        another = Brain()
        self._prepare(another, prompt)
        return another

    def _prepare(self, brain: Brain, prompt: Json | None) -> None:
        stored = prompt or {}
        agent = (stored.get("variables") or {}).get("agent", "")
        brain.become(self._scripts.get(stored.get("id", "")), str(agent))

    async def _add_item(self, item: Json, after: str | None) -> None:
        previous = self._conversation.add(item, after=after)
        snapshot = self._conversation.snapshot(item["id"])
        await self._send(server.ConversationItemAdded(item=snapshot, previous_item_id=previous))
        await self._send(server.ConversationItemDone(item=snapshot, previous_item_id=previous))
        if item["type"] == "mcp_approval_response":
            request = self._conversation.snapshot(item["approval_request_id"])
            self._tasks.start(self._settle(request, item), "approval")

    async def _settle(self, request: Json, approval: Json) -> None:
        """Do what was approved, or tell that it was not, as soon as nothing else is said."""
        await self._responder.finished()
        self._responder.settle(self._session, request, approval)

    async def _timed_out(self, silent_s: float) -> None:
        """Ask a caller who is silent, unless the client has just had the same idea."""
        await self._hearing.timed_out(silent_s)
        if not self._responder.is_active:
            self._responder.begin(self._session, {})

    def _interrupt(self) -> None:
        self._responder.interrupt()

    async def _answer(self, item_id: str) -> None:
        """Answer a turn, unless its speaker went on: then what follows is answered with it."""
        await self._responder.finished()
        if item_id == self._hearing.item_id:
            self._responder.begin(self._session, {})

    async def _send(self, event: Event) -> None:
        await self._socket.send(
            encode(event.model_copy(update={"event_id": f"event_{token_hex(10)}"}))
        )

    async def _error(
        self,
        message: str,
        *,
        code: str | None = "invalid_value",
        param: str | None = None,
        event_id: str | None = None,
    ) -> None:
        detail = server.ErrorDetail(
            type="invalid_request_error",
            message=message,
            code=code,
            param=param,
            event_id=event_id,
        )
        await self._send(server.ErrorEvent(error=detail))


def _event_id(message: str | bytes) -> str | None:
    """Return the id of a message that is wrong otherwise, if it has one."""
    try:
        event_id = orjson.loads(message)["event_id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return event_id if isinstance(event_id, str) else None
