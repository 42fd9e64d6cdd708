"""Responses API over HTTP, streamed (Responses API: POST /responses)."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from sipagent.agents.backend.model import Json, ModelRequest
from sipagent.errors import ModelError

from .endpoint import ModelEndpoint
from .event_posts import EventPosts
from .options import TransportOptions
from .response_events import ENDS, ERRORS, error_of, read_event


class ResponsesHttp:
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
        self._posts = EventPosts(endpoint, "responses", options or TransportOptions())

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Json, None]:
        """Yield the events of a response, to its end; closing it aborts the request.

        Raises:
            ModelError: If there is no such end.
        """
        where = self._posts.where
        async with self._posts.opened(request_body(request, self._model)) as stream:
            while events := await stream.next_events():
                for each in events:
                    event = read_event(where, each.data, each.event)
                    if event["type"] in ERRORS:
                        raise error_of(where, event, stream.secrets)
                    if event["type"] in ENDS:
                        await stream.drain()
                        yield event
                        return
                    yield event
        raise ModelError(f"{where} ended its answer before the response was complete")

    async def close(self) -> None:
        """Let go of connections; once more does nothing."""
        await self._posts.close()


def request_body(request: ModelRequest, model: str) -> Json:
    """Return the body of a request to ``model``, or to the one it names."""
    body = request.body(stream=True)
    return {**body, "model": model} if model else body
