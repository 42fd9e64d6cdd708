"""The agent's side of a session: one response of the conversation at a time, and any beside it.

Each has a task of its own, so caller audio is still heard, and can interrupt, while an answer is
made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from secrets import token_hex

from sipagent.audio.frames import Pcm
from sipagent.wire.events import Event
from sipagent.wire.server import ResponseOutputAudioDelta

from .brain.brain import Brain
from .brain.choice import allowed_answer
from .brain.context import turn_of
from .checks import InvalidConfigError, Json
from .idle_watch import IdleWatch
from .items import Conversation
from .mcp.tools import McpTools
from .output import Output, Send
from .response import Response
from .response_config import ResponseConfig, response_config
from .speaking import Player, Speak
from .tasks import Tasks
from .tts.speaker import Speaker
from .tts.voices import espeak_voice

Work = Callable[[Response], Awaitable[int]]
"""Sends the items of a response; returns the tokens of what it answers to."""


class Responder:
    """Answer.

    Args:
        conversation: What is answered to, and where answers go.
        brain_of: Who decides what to say with a prompt.
        speaker: Says it.
        mcp: Tools of servers.
        idle: Told of the conversation's responses.
        heard: Waits until the words of every committed item are known.
        send: Sends one event.
        tasks: Owns the responses under way.
        player: Plays them; None: the client does.
    """

    def __init__(
        self,
        conversation: Conversation,
        brain_of: Callable[[Json | None], Brain],
        speaker: Speaker,
        mcp: McpTools,
        idle: IdleWatch,
        *,
        heard: Callable[[], Awaitable[None]],
        send: Send,
        tasks: Tasks,
        player: Player | None = None,
    ) -> None:
        self._conversation, self._brain_of, self._speaker = conversation, brain_of, speaker
        self._mcp, self._idle = mcp, idle
        self._heard, self._send, self._tasks, self._player = heard, send, tasks, player
        self._conversation_id = f"conv_{token_hex(10)}"
        self._response: Response | None = None
        self._task: asyncio.Task[None] | None = None
        self._others: dict[str, Response] = {}
        self._has_spoken = False

    @property
    def is_active(self) -> bool:
        """Tell whether a response of the conversation is being made."""
        return self._response is not None

    @property
    def has_spoken(self) -> bool:
        """Tell whether audio was made: the voice is then fixed."""
        active = (self._response, *self._others.values())
        return self._has_spoken or any(each is not None and each.has_spoken for each in active)

    def begin(self, session: Json, overrides: Json) -> None:
        """Start a response.

        Args:
            session: In effect.
            overrides: ``response`` of ``response.create``.

        Raises:
            InvalidConfigError: If an override is wrong, or one of the conversation is active and
                this would be another.
        """
        config = response_config(session, overrides, self._conversation)
        self._mcp.offer(config.session["tools"])
        brain = self._brain_of(config.session["prompt"])
        # What comes later is not what is answered.
        items = self._conversation.items() if config.input is None else config.input

        async def answer(response: Response) -> int:
            await self._heard()
            tools = config.session["tools"]
            offered = [*tools, *(each.listed for each in self._mcp.offered(tools))]
            turn = turn_of(items, instructions=config.instructions, tools=offered)
            await response.run(allowed_answer(brain.answer(turn), config.session))
            return len(turn.text or "") // 4 + 1

        self._start(config, brain, answer)

    def settle(self, session: Json, request: Json, approval: Json) -> None:
        """Start the response that an ``mcp_approval_response`` leads to.

        Args:
            session: In effect.
            request: What was to be approved.
            approval: Whether it was.

        Raises:
            InvalidConfigError: If one is active.
        """

        async def call(response: Response) -> int:
            await response.settle(request, approval)
            return 1

        self._start(ResponseConfig(session), self._brain_of(session["prompt"]), call)

    def interrupt(self, reason: str) -> None:
        """End the conversation's response, if there is one: nobody listens to it any more."""
        if self._response is not None:
            self._response.cancel(reason)

    def cancel(self, response_id: str | None) -> None:
        """End a response because its client says so; without an id, the conversation's.

        Raises:
            InvalidConfigError: If none is active.
        """
        active = self._response
        if active is None or response_id not in (None, active.response_id):
            active = self._others.get(response_id or "")
        if active is None:
            which = "no response" if response_id is None else repr(response_id)
            code = "response_cancel_not_active"
            raise InvalidConfigError("response_id", f"{which} is active", code)
        active.cancel("client_cancelled")

    async def finished(self) -> None:
        """Wait until no response is active; cancelled, it still owes its last events."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    def _start(self, config: ResponseConfig, brain: Brain, work: Work) -> None:
        if not config.is_out_of_band and self._response is not None:
            active = self._response.response_id
            raise InvalidConfigError(
                "response",
                f"Conversation already has an active response in progress: {active}",
                "conversation_already_has_active_response",
            )
        send = self._send if config.is_out_of_band else self._send_and_watch
        output = Output(self._conversation, config, send)
        response = Response(
            output,
            config,
            self._conversation_id,
            speak=self._voice_of(brain),
            player=self._player,
            mcp=self._mcp,
        )
        if config.is_out_of_band:
            self._others[response.response_id] = response
            self._tasks.start(self._respond_beside(response, work), "response out of band")
        else:
            self._response = response
            self._task = self._tasks.start(self._respond(response, work), "response")

    async def _respond(self, response: Response, work: Work) -> None:
        self._idle.response_began()
        try:
            await response.begin()
            input_tokens = await work(response)
        finally:
            self._has_spoken = self._has_spoken or response.has_spoken
            # Before the last event, since its receiver may ask for the next response at once.
            self._response = None
        to_hear_ms = response.audio_ms if self._player is None else 0  # it tells the end itself
        self._idle.response_ended(to_hear_ms, is_cut=response.is_cancelled)
        await response.end(input_tokens=input_tokens)

    async def _respond_beside(self, response: Response, work: Work) -> None:
        try:
            await response.begin()
            input_tokens = await work(response)
        finally:
            self._has_spoken = self._has_spoken or response.has_spoken
            del self._others[response.response_id]
        await response.end(input_tokens=input_tokens)

    async def _send_and_watch(self, event: Event) -> None:
        if isinstance(event, ResponseOutputAudioDelta):
            self._idle.audio_began()
        await self._send(event)

    def _voice_of(self, brain: Brain) -> Speak:
        async def speak(text: str, voice: str, *, speed: float) -> tuple[Pcm, int]:
            wanted = espeak_voice(voice)
            # One voice for a session, yet each persona of a script has its own pitch.
            pitch = min(99, wanted.pitch + 12 * brain.position)
            shifted = type(wanted)(wanted.name, pitch)
            return await self._speaker.speak(text, shifted, speed=speed), self._speaker.rate_hz

        return speak
