"""A realtime session: one conversation with a speech model, over one connection after another.

Everything that is decided is decided in the core of the connection; this hands wishes in and
events out. See ``connections`` for where wishes go, and ``succession`` for what happens when a
connection ends before the conversation.

| resource    | acquired  | released                      | on failure                             |
|-------------|-----------|-------------------------------|----------------------------------------|
| connections | `connect` | `close`; see ``connections``  | `connect` raises; later `Disconnected` |
| padding     | a caller  | `close`; see ``caller_audio`` | nothing is padded                      |
| audience    | `on`      | `close` waits for listeners   | logged                                 |
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Self

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.resolving import resolve
from sipagent.errors import SessionError
from sipagent.wire import client
from sipagent.wire.codec import encode_append
from sipagent.wire.events import Json

from .approvals import ApprovalRequest
from .audience import Audience
from .caller_audio import CallerAudio
from .connection import Connection
from .connections import Connections
from .core import SessionCore
from .endpoint import Endpoint
from .events import SessionEvent
from .history_items import HistoryItem, McpApprovalRequest
from .listeners import Listener
from .options import SessionOptions
from .playback import ClockPlayback, Playback
from .rotation import RotationSettings
from .transport import OnMessage
from .usage import Usage
from .wishes import Wishes


class RealtimeSession(Wishes):
    """One conversation with a speech model.

    Args:
        agent: Speaks first.
        options: Fixed for the session.
        context: Handed to tools, guardrails, hooks and instructions.
        playback: Knows what was heard; None: somebody who plays audio as it comes. Not asked of
            an attached session.
        rotation: How the conversation outlives a connection; None: it does not.
        wall_clock: Returns Unix seconds, for rotation before the session expires.
        history: Items that an attached conversation has already, as ``snapshot`` gave them.
        on_message: Sees each message of the wire; must be quick.
    """

    def __init__(
        self,
        agent: RealtimeAgent,
        options: SessionOptions | None = None,
        *,
        context: Any = None,
        playback: Playback | None = None,
        rotation: RotationSettings | None = None,
        wall_clock: Callable[[], float] | None = None,
        history: Sequence[Json] = (),
        on_message: OnMessage | None = None,
    ) -> None:
        self._agent, self._options = agent, options or SessionOptions()
        self._context = context
        self._audience = Audience(context)
        self._connections = Connections(
            self._options,
            context,
            playback or ClockPlayback(),
            history=history,
            tell=self.tell,
            on_message=on_message,
        )
        if rotation is not None:
            self._connections.outlive(rotation, wall_clock)
        self._audio = CallerAudio(
            self._options.input_audio_format,
            self._options.mute_mode,
            self._options.silence_padding,
            self._append,
        )

    # What it is.

    @property
    def connection(self) -> Connection | None:
        """The one in use, or the last."""
        return self._connections.in_use

    @property
    def playback(self) -> Playback:
        """Knows what was heard."""
        return self._connections.playback

    @property
    def current_agent(self) -> RealtimeAgent:
        """Who speaks now."""
        return self.connection.core.current_agent if self.connection else self._agent

    @property
    def history(self) -> list[HistoryItem]:
        """The conversation as the endpoint has it; after ``close`` too."""
        return self._connections.history

    @property
    def model(self) -> str:
        """What the options ask for; ``""``: what the endpoint was asked for, or has."""
        return self._options.model

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return self.connection.core.usage if self.connection else Usage()

    @property
    def available_mcp_tools(self) -> tuple[Json, ...]:
        """Tools the endpoint has for the current agent by itself."""
        return self.connection.core.mcp.available if self.connection else ()

    @property
    def pending_approvals(self) -> list[ApprovalRequest | McpApprovalRequest]:
        """Calls that wait for ``approve`` or ``reject``."""
        if self.connection is None or self._connections.is_closing:
            return []
        core = self.connection.core
        return [*core.tools.pending_approvals, *core.mcp.pending_approvals]

    # Its life.

    async def connect(self, endpoint: Endpoint, *, is_accepted: bool = False) -> None:
        """Open the session and wait until the endpoint confirmed its configuration.

        Cancelling it leaves nothing open; after a failure it may be tried again.

        Args:
            endpoint: This attaches to a phone call if the endpoint names one.
            is_accepted: Whether that call was accepted with ``accept_session``: it is configured.

        Raises:
            SessionRejected: If the endpoint refused, or nobody listens there.
            SessionTimeout: If the handshake or the confirmation took too long.
            SessionLost: If the socket closed before the confirmation.
            SessionError: If it is connected or connecting.
            ConfigError: If two of the agent's tools or handoffs have the same name, or something
                is said of a phone call and the endpoint names none.
        """
        await self._connections.connect(self._agent, endpoint, is_accepted=is_accepted)

    async def close(self) -> None:
        """End the session; harmless when it is closed."""
        await self._connections.close()
        await self._audio.close()
        await self._audience.close()

    async def __aenter__(self) -> Self:
        """Return the session, to be closed at the end of the block."""
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Close the session."""
        await self.close()

    def __aiter__(self) -> AsyncIterator[SessionEvent]:
        """Return :meth:`events`."""
        return self.events()

    # What it tells.

    def events(self) -> AsyncIterator[SessionEvent]:
        """Yield what happens; ends after ``Disconnected``. For one reader."""
        return self._audience.events()

    def on(self, name: str, listener: Listener) -> None:
        """Call ``listener`` with each event ``name``, with every one for ``*``.

        Once somebody listens, events are kept for :meth:`events` only if it has been called.

        Raises:
            ConfigError: If there is no such event.
        """
        self._audience.on(name, listener)

    def off(self, name: str, listener: Listener) -> None:
        """Stop calling ``listener``; harmless when it is not called."""
        self._audience.off(name, listener)

    def tell(self, event: SessionEvent) -> None:
        """Tell whoever listens; nothing follows ``Disconnected``."""
        if self._audience.is_gone:
            return
        self._audience.tell(event)
        self._audio.told(event)
        self._connections.told(event)

    # What goes in. All raise ``SessionLost`` if the session is not open (any more), and do nothing
    # while another connection is being opened.

    async def append_audio(self, audio: bytes, *, rtp_timestamp: int | None = None) -> None:
        """Send caller audio in the session's input format; waits while the socket is congested.

        Args:
            audio: Of a caller who may be muted.
            rtp_timestamp: Of its first sample, for ``silence_padding``; None: packets are out of
                sight.

        Raises:
            SessionError: If the endpoint has the caller's audio.
        """
        await self._heard_here().append(audio, rtp_timestamp)

    @property
    def muted(self) -> bool | None:
        """Whether the caller is not heard; None where the endpoint has the caller's audio."""
        return None if self.is_attached else self._audio.is_muted

    @property
    def is_attached(self) -> bool:
        """Whether this is about a phone call at the endpoint, which has the caller's audio."""
        return self._connections.is_attached

    def mute(self, muted: bool = True) -> None:
        """Let the model hear the caller, or not.

        Raises:
            SessionError: If the endpoint has the caller's audio.
        """
        self._heard_here().mute(muted)

    async def send_audio(self, audio: bytes, *, commit: bool = False) -> None:
        """Send caller audio, and make a turn of it; that asks for no response.

        Raises:
            SessionError: If the endpoint has the caller's audio.
        """
        await self.append_audio(audio)
        if commit:
            await self.send_event(client.InputAudioBufferCommit())

    async def update_agent(self, agent: RealtimeAgent) -> None:
        """Let another agent go on.

        Raises:
            ConfigError: If two of its tools or handoffs have the same name.
        """
        resolved = await resolve(agent, self._context)
        await self._do(lambda core, now: core.update_agent(resolved, now=now))

    def _heard_here(self) -> CallerAudio:
        if self.is_attached:
            raise SessionError("the endpoint hears the caller of an attached session by itself")
        return self._audio

    async def _append(self, audio: bytes) -> None:
        await self._connections.send(encode_append(audio))

    async def _do(self, wish: Callable[[SessionCore, float], None]) -> None:
        await self._connections.do(wish)
