"""Chat Completions in place of the Responses API: for endpoints that have nothing else.

The endpoint keeps nothing, so a run tells it everything with each request.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from sipagent.agents.backend.model import Json, ModelRequest
from sipagent.errors import ModelError

from .chat_events import ChatEvents
from .chat_request import chat_body
from .endpoint import ModelEndpoint
from .event_posts import EventPosts
from .options import TransportOptions
from .response_events import error_of, read_object

DONE = "[DONE]"


class ChatCompletions:
    """One model, asked by HTTP.

    Args:
        endpoint: Who has it.
        model: What it is called; ``""``: as each request says.
        options: Limits.
    """

    def __init__(
        self, endpoint: ModelEndpoint, model: str = "", options: TransportOptions | None = None
    ) -> None:
        self._model = model
        self._posts = EventPosts(endpoint, "chat/completions", options or TransportOptions())

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Json, None]:
        """Yield the events of a response, to its end; closing it aborts the request.

        Raises:
            ModelError: If there is no such end, or the request cannot be said.
        """
        told, where = ChatEvents(), self._posts.where
        async with self._posts.opened(chat_body(request, self._model)) as stream:
            is_done = False
            while not is_done and (events := await stream.next_events()):
                for each in events:
                    if each.data == DONE:
                        is_done = True
                        break
                    chunk = read_object(where, each.data)
                    if _is_error(chunk):
                        raise error_of(where, chunk, stream.secrets)
                    for event in told.read(chunk):
                        yield event
            if not told.is_finished:
                raise ModelError(f"{where} ended its answer before it was complete")
            await stream.drain()
            for event in told.end():
                yield event

    async def close(self) -> None:
        """Let go of connections; once more does nothing."""
        await self._posts.close()


def _is_error(chunk: Json) -> bool:
    return bool(chunk.get("error")) or chunk.get("object") == "error"
