"""One response: its events, in the order every client relies on.

``response.created``, ``rate_limits.updated``, then for each item: added, parts, deltas, done; last
``response.done``. A response that is cancelled, or whose voice fails, still sends every ``done``.
"""

from __future__ import annotations

from sipagent.wire import server

from .brain.brain import Answer
from .calling import Calling
from .checks import Json
from .mcp.tools import McpTools
from .output import Output
from .response_config import ResponseConfig
from .speaking import Player, Speak, Speaking


class Response:
    """Give one answer.

    Args:
        output: Where its items go.
        config: What it is made with.
        conversation_id: Of the conversation its items are in; None out of band.
        speak: Its voice.
        player: Plays it; None: the client does.
        mcp: Tools of servers.
    """

    def __init__(
        self,
        output: Output,
        config: ResponseConfig,
        conversation_id: str,
        *,
        speak: Speak,
        player: Player | None,
        mcp: McpTools,
    ) -> None:
        self.config = config
        self._output = output
        self._conversation_id = None if config.is_out_of_band else conversation_id
        self._speaking = Speaking(output, config.session, speak, player)
        self._calling = Calling(output, config.session["tools"], mcp)

    @property
    def response_id(self) -> str:
        """Its id."""
        return self._output.response_id

    @property
    def has_spoken(self) -> bool:
        """Tell whether audio was sent."""
        return self._speaking.has_spoken

    @property
    def is_cancelled(self) -> bool:
        """Tell whether it was ended early by the caller or the client."""
        return bool(self._output.cancelled_by)

    @property
    def audio_ms(self) -> int:
        """Milliseconds of audio sent."""
        return self._output.spent.audio_ms

    def cancel(self, reason: str) -> None:
        """End it early: ``turn_detected`` or ``client_cancelled``."""
        self._output.cancel(reason)

    async def begin(self) -> None:
        """Announce the response."""
        created = server.ResponseCreated(response=self._object("in_progress", None))
        await self._output.send(created)
        limits = [
            {"name": name, "limit": 1_000_000, "remaining": 1_000_000, "reset_seconds": 0.0}
            for name in ("requests", "tokens")
        ]
        await self._output.send(server.RateLimitsUpdated(rate_limits=limits))

    async def run(self, answer: Answer) -> None:
        """Send the answer's items."""
        say = answer.say
        if answer.slow_chunks:
            say = " ".join(str(number + 1) for number in range(answer.slow_chunks))
        if say and not self._output.is_cut:
            await self._speaking.message(say, answer.slow_chunks)
        for call in answer.calls:
            if not self._output.is_cut:
                await self._calling.call(call)

    async def settle(self, request: Json, response: Json) -> None:
        """Send the call that an ``mcp_approval_response`` is about."""
        await self._calling.settle(request, response)

    async def end(self, *, input_tokens: int) -> None:
        """Send ``response.done``."""
        output = self._output
        details: Json | None = None
        status = "completed"
        if output.error:
            status = "failed"
            details = {"type": status, "error": {"type": "server_error", "code": output.error}}
        elif output.cancelled_by:
            status = "cancelled"
            details = {"type": status, "reason": output.cancelled_by}
        elif output.is_full:
            status = "incomplete"
            details = {"type": status, "reason": "max_output_tokens"}
        done = self._object(status, output.spent.to_wire(input_tokens))
        done["status_details"] = details
        await output.send(server.ResponseDone(response=done))

    def _object(self, status: str, usage: Json | None) -> Json:
        session = self.config.session
        audio = session["audio"]["output"]
        return {
            "id": self.response_id,
            "object": "realtime.response",
            "status": status,
            "status_details": None,
            "output": self._output.items(),
            "conversation_id": self._conversation_id,
            "output_modalities": list(session["output_modalities"]),
            "max_output_tokens": session["max_output_tokens"],
            "audio": {"output": {key: audio[key] for key in ("format", "voice")}},
            "metadata": self.config.metadata,
            "usage": usage,
        }
