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
from .hearing import Hearing
from .items import Conversation, checked_item
from .nesting import is_too_deep
from .responding import Responder
from .session_config import InvalidConfigError, Json, default_session, updated_session
from .stt.pool import RecogniserPool
from .tasks import Tasks
from .tts.speaker import Speaker

LIFETIME_S = 3_600


class Socket(Protocol):
    """What a connection needs of its WebSocket."""

    async def send(self, message: str) -> None:
        """Send one text message."""


class Connection:
    """Serve one client.

    Args:
        socket: Where events go.
        model: Of the URL.
        scripts: By prompt id.
        recognisers: Shared.
        speaker: Shared.
        now: Unix seconds, for ``expires_at``.
    """

    def __init__(
        self,
        socket: Socket,
        model: str,
        *,
        scripts: dict[str, Script],
        recognisers: RecogniserPool,
        speaker: Speaker,
        now: int,
    ) -> None:
        self._socket, self._scripts = socket, scripts
        self._session = default_session(f"sess_{token_hex(10)}", model, now + LIFETIME_S)
        self._conversation = Conversation()
        self._brain = Brain()
        self._tasks = Tasks()
        self._hearing = Hearing(
            self._session,
            self._conversation,
            recognisers,
            interrupt=self._interrupt,
            answer=self._answer,
            send=self._send,
            tasks=self._tasks,
        )
        self._responder = Responder(
            self._conversation,
            self._brain,
            speaker,
            heard=self._hearing.known,
            send=self._send,
            tasks=self._tasks,
        )

    async def open(self) -> None:
        """Greet the client."""
        await self._send(server.SessionCreated(session=self._session))

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
                item = self._conversation.snapshot(item_id)
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
        self._session = updated_session(
            self._session, update, has_spoken=self._responder.has_spoken
        )
        self._hearing.configure(self._session)
        prompt = self._session["prompt"] or {}
        agent = (prompt.get("variables") or {}).get("agent", "")
        self._brain.become(self._scripts.get(prompt.get("id", "")), str(agent))
        await self._send(server.SessionUpdated(session=self._session))

    async def _add_item(self, item: Json, after: str | None) -> None:
        previous = self._conversation.add(item, after=after)
        snapshot = self._conversation.snapshot(item["id"])
        await self._send(server.ConversationItemAdded(item=snapshot, previous_item_id=previous))
        await self._send(server.ConversationItemDone(item=snapshot, previous_item_id=previous))

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
