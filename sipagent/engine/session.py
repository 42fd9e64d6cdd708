"""One conversation with the engine, whoever its clients are and whoever plays its audio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from secrets import token_hex

from sipagent.audio.frames import Pcm
from sipagent.wire import client, server
from sipagent.wire.events import Event, UnknownEvent

from .brain.brain import Brain
from .brain.scripts import Scripts
from .checks import InvalidConfigError, Json
from .hearing import Hearing
from .idle_watch import IdleWatch
from .items import Conversation, checked_item
from .leg import Leg
from .leg_player import LegPlayer
from .lifetime import expire
from .mcp.tools import McpTools
from .output import Send
from .responding import Responder
from .session_config import DEFAULT_MODEL, default_session, updated_session
from .stt.pool import RecogniserPool
from .tasks import Tasks
from .tts.speaker import Speaker


@dataclass(frozen=True, slots=True)
class Parts:
    """What the sessions of an engine share."""

    scripts: Scripts
    recognisers: RecogniserPool
    speaker: Speaker
    limit_s: float
    """How long a session may last."""


class Session:
    """Hear, answer, and remember.

    Args:
        parts: Shared.
        model: Named when it began; None: the first update that names one decides.
        now: Unix seconds, for ``expires_at``.
        send: Sends one event to the clients.
        expired: Called when its time is over; ends it.
        leg: Where the engine hears the caller and plays answers itself; None: the client does.
    """

    def __init__(
        self,
        parts: Parts,
        model: str | None,
        *,
        now: int,
        send: Send,
        expired: Callable[[], Awaitable[None]],
        leg: Leg | None = None,
    ) -> None:
        self._parts, self._tell, self._expired = parts, send, expired
        self._has_model, self._is_closed = model is not None, False
        expires_at = now + int(parts.limit_s)
        self.config = default_session(f"sess_{token_hex(10)}", model or DEFAULT_MODEL, expires_at)
        """In effect."""
        self._conversation = Conversation()
        self._brain = Brain()
        self._tasks = Tasks()
        self._idle = IdleWatch(self._timed_out)
        self.player: LegPlayer | None = None
        if leg is not None:
            self.player = LegPlayer(leg, self._conversation, self._idle, self._send)
        self._mcp = McpTools(self._conversation, self._send, self._tasks)
        self._hearing = Hearing(
            self.config,
            self._conversation,
            parts.recognisers,
            parts.scripts,
            self._idle,
            interrupt=self._interrupted,
            answer=self._answer,
            send=self._send,
            tasks=self._tasks,
        )
        self._responder = Responder(
            self._conversation,
            self._brain_of,
            parts.speaker,
            self._mcp,
            self._idle,
            heard=self._hearing.known,
            send=self._send,
            tasks=self._tasks,
            player=self.player,
        )

    def configure(self, update: Json) -> None:
        """Change the configuration.

        Raises:
            InvalidConfigError: If a field is wrong; then nothing has changed.
        """
        self.config = updated_session(
            self.config,
            update,
            has_spoken=self._responder.has_spoken,
            takes_model=not self._has_model,
        )
        self._has_model = self._has_model or update.get("model") is not None
        self._hearing.configure(self.config)
        self._prepare(self._brain, self.config["prompt"])

    async def open(self) -> None:
        """Begin."""
        await self._send(server.SessionCreated(session=self.config))
        self._mcp.offer(self.config["tools"])
        self._tasks.start(self._idle.run(), "idle watch")
        self._tasks.start(expire(self._parts.limit_s, self._send, self._expired), "lifetime")

    async def close(self) -> None:
        """Stop what is under way; what its clients still ask for is not done."""
        self._is_closed = True
        await self._tasks.cancel()

    async def hear(self, pcm: Pcm) -> None:
        """Take what the caller says, at 8 kHz."""
        await self._hearing.hear(pcm)

    async def handle(self, event: client.ClientEvent) -> None:
        """Do what a client asks.

        Raises:
            WireError: If audio is none.
            InvalidConfigError: If anything else is wrong.
        """
        match event:
            case _ if self._is_closed:
                pass
            case client.InputAudioBufferAppend() | client.InputAudioBufferCommit() if self.player:
                raise InvalidConfigError("type", "the engine hears the caller of this session")
            case client.InputAudioBufferAppend(audio=audio):
                await self._hearing.append(audio)
            case client.InputAudioBufferCommit():
                await self._hearing.commit()
            case client.InputAudioBufferClear():
                await self._hearing.clear()
            case client.OutputAudioBufferClear() if self.player:
                await self._cut_off("client_cancelled")
            case client.OutputAudioBufferClear():
                raise InvalidConfigError("type", "the client of this session plays the audio")
            case client.SessionUpdate(session=update):
                await self._update(update)
            case client.ResponseCreate(response=overrides):
                self._responder.begin(self.config, overrides)
            case client.ResponseCancel(response_id=response_id):
                self._responder.cancel(response_id)
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
        self.configure(update)
        await self._send(server.SessionUpdated(session=self.config))
        self._mcp.offer(self.config["tools"])

    def _brain_of(self, prompt: Json | None) -> Brain:
        """Return who answers with a prompt: somebody else, if it is not the session's."""
        if prompt == self.config["prompt"]:
            return self._brain
        another = Brain()
        self._prepare(another, prompt)
        return another

    def _prepare(self, brain: Brain, prompt: Json | None) -> None:
        stored = prompt or {}
        agent = (stored.get("variables") or {}).get("agent", "")
        brain.become(self._parts.scripts.find(prompt), str(agent))

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
        self._responder.settle(self.config, request, approval)

    async def _timed_out(self, silent_s: float) -> None:
        """Ask a caller who is silent, unless the client has just had the same idea."""
        await self._hearing.timed_out(silent_s)
        if not self._responder.is_active:
            self._responder.begin(self.config, {})

    async def _interrupted(self) -> None:
        await self._cut_off("turn_detected")

    async def _cut_off(self, reason: str) -> None:
        self._responder.interrupt(reason)
        if self.player is not None:
            await self.player.clear()

    async def _answer(self, item_id: str) -> None:
        """Answer a turn, unless its speaker went on: then what follows is answered with it."""
        await self._responder.finished()
        if item_id == self._hearing.item_id:
            self._responder.begin(self.config, {})

    async def _send(self, event: Event) -> None:
        await self._tell(event)
        if self.player is not None and isinstance(event, server.ResponseDone):
            await self.player.response_done(event.response["id"])
