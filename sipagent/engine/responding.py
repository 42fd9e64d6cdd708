"""The agent's side of a session: one response at a time, each in a task of its own.

So caller audio is still heard, and can interrupt, while an answer is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from sipagent.audio.frames import Pcm

from .brain.brain import Brain
from .brain.context import turn_of
from .items import Conversation
from .response import Response, Send
from .session_config import InvalidConfigError, Json, response_session
from .tasks import Tasks
from .tts.speaker import Speaker
from .tts.voices import espeak_voice


class Responder:
    """Answer.

    Args:
        conversation: What is answered to, and where answers go.
        brain: Decides what to say.
        speaker: Says it.
        heard: Waits until the words of every committed item are known.
        send: Sends one event.
        tasks: Owns the response under way.
    """

    def __init__(
        self,
        conversation: Conversation,
        brain: Brain,
        speaker: Speaker,
        *,
        heard: Callable[[], Awaitable[None]],
        send: Send,
        tasks: Tasks,
    ) -> None:
        self._conversation, self._brain, self._speaker = conversation, brain, speaker
        self._heard, self._send, self._tasks = heard, send, tasks
        self._response: Response | None = None
        self._task: asyncio.Task[None] | None = None
        self._has_spoken = False

    @property
    def has_spoken(self) -> bool:
        """Tell whether audio was made: the voice is then fixed."""
        return self._has_spoken or (self._response is not None and self._response.has_spoken)

    def begin(self, session: Json, overrides: Json) -> None:
        """Start a response.

        Args:
            session: In effect.
            overrides: ``response`` of ``response.create``.

        Raises:
            InvalidConfigError: If one is active, or an override is wrong.
        """
        if self._response is not None:
            active = self._response.response_id
            raise InvalidConfigError(
                "response",
                f"Conversation already has an active response in progress: {active}",
                "conversation_already_has_active_response",
            )
        effective = response_session(session, overrides)
        self._response = Response(self._conversation, effective, send=self._send, speak=self._speak)
        items = self._conversation.items()  # what comes later is not what is answered
        instructions = overrides.get("instructions") or ""
        work = self._respond(self._response, effective, items, instructions)
        self._task = self._tasks.start(work, "response")

    def interrupt(self) -> None:
        """End the active response, if there is one, because the caller speaks."""
        if self._response is not None:
            self._response.cancel("turn_detected")

    def cancel(self, response_id: str | None) -> None:
        """End the active response because its client says so.

        Raises:
            InvalidConfigError: If none is active, or another than ``response_id``.
        """
        active = self._response
        if active is None or response_id not in (None, active.response_id):
            text = "no response is active" if active is None else f"{response_id} is not active"
            raise InvalidConfigError("response_id", text, "response_cancel_not_active")
        active.cancel("client_cancelled")

    async def finished(self) -> None:
        """Wait until no response is active; cancelled, it still owes its last events."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _respond(
        self, response: Response, session: Json, items: Sequence[Json], instructions: str
    ) -> None:
        try:
            await response.begin()
            await self._heard()
            turn = turn_of(items, instructions=instructions, tools=session["tools"])
            await response.run(self._brain.answer(turn))
        finally:
            self._has_spoken = self._has_spoken or response.has_spoken
            # Before the last event, since its receiver may ask for the next response at once.
            self._response = None
        await response.end(input_tokens=len(turn.text or "") // 4 + 1)

    async def _speak(self, text: str, voice: str, *, speed: float) -> tuple[Pcm, int]:
        wanted = espeak_voice(voice)
        # One voice for a session, yet each persona of a script has its own pitch.
        pitch = min(99, wanted.pitch + 12 * self._brain.position)
        shifted = type(wanted)(wanted.name, pitch)
        return await self._speaker.speak(text, shifted, speed=speed), self._speaker.rate_hz
