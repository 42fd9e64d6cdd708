"""Models of one endpoint by name, each over the transport that is chosen for it.

    for a model    ``model_transports``
    for all        ``transport``
    else           the default of the process, as it is when the model is first asked for

| resource | acquired                             | released  | on failure             |
|----------|--------------------------------------|-----------|------------------------|
| models   | ``model``, one by name and transport | ``close`` | the others are closed  |
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from sipagent.agents.backend.model import Model
from sipagent.errors import BackendError, ConfigError

from .chat import ChatCompletions
from .endpoint import OPENAI_URL, ApiKey, ModelEndpoint
from .http import ResponsesHttp
from .options import TransportOptions
from .websocket import ResponsesWebSocket

Transport: TypeAlias = Literal["http", "websocket", "chat"]
"""Responses API, over either, or Chat Completions, which more endpoints have."""

_MODELS = {"http": ResponsesHttp, "websocket": ResponsesWebSocket, "chat": ChatCompletions}

_default: dict[str, Transport] = {"transport": "http"}


def set_default_responses_transport(transport: Transport) -> None:
    """Choose how models are asked that are made from now on and have no transport of their own.

    Raises:
        ConfigError: If there is no such transport.
    """
    _default["transport"] = _checked("transport", transport)


def default_responses_transport() -> Transport:
    """Return what was set last; HTTP if nothing was."""
    return _default["transport"]


class OpenAIProvider:
    """Models of an endpoint that speaks the Responses API, or at least Chat Completions.

    Args:
        base_url: What ``/responses`` and ``/chat/completions`` are appended to.
        api_key: Or a function, plain or async, that is asked for it before each request.
        transport: For all models; None: the default of the process.
        model_transports: For models by name.
        headers: Sent as well; ``Authorization`` or ``api-key`` (Azure) replaces the key.
        websocket_base_url: ``""``: ``base_url`` with ``ws`` for ``http``.
        options: Limits.

    Raises:
        ConfigError: If an argument is no such thing.
    """

    def __init__(
        self,
        *,
        base_url: str = OPENAI_URL,
        api_key: ApiKey = "",
        transport: Transport | None = None,
        model_transports: Mapping[str, Transport] | None = None,
        headers: Mapping[str, str] | None = None,
        websocket_base_url: str = "",
        options: TransportOptions | None = None,
    ) -> None:
        self._endpoint = ModelEndpoint(base_url, api_key, dict(headers or {}), websocket_base_url)
        self._transport = None if transport is None else _checked("transport", transport)
        self._of_models = {
            name: _checked(f"model_transports.{name}", each)
            for name, each in (model_transports or {}).items()
        }
        self._options = options or TransportOptions()
        self._models: dict[tuple[str, Transport], Model] = {}
        self._is_closed = False

    def model(self, name: str) -> Model:
        """Return the model called ``name``, the same as long as its transport is the same.

        Raises:
            BackendError: If the provider is closed.
        """
        if self._is_closed:
            raise BackendError("the provider of models is closed")
        transport = self._of_models.get(name) or self._transport or default_responses_transport()
        model = self._models.get((name, transport))
        if model is None:
            model = _MODELS[transport](self._endpoint, name, self._options)
            self._models[name, transport] = model
        return model

    async def close(self) -> None:
        """Close all models; once more does nothing.

        Raises:
            BackendError: If some could not be closed; its cause has all their errors.
        """
        self._is_closed = True
        models, self._models = list(self._models.values()), {}
        results = await asyncio.gather(*(each.close() for each in models), return_exceptions=True)
        errors = [each for each in results if isinstance(each, Exception)]
        if errors:
            kinds = ", ".join(type(error).__name__ for error in errors)
            text = f"{len(errors)} of {len(models)} models could not be closed: {kinds}"
            raise BackendError(text) from ExceptionGroup("closing models", errors)

    async def __aenter__(self) -> OpenAIProvider:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()


def _checked(where: str, transport: Any) -> Transport:
    known: tuple[Transport, ...] = get_args(Transport)
    for each in known:
        if transport == each:
            return each
    raise ConfigError(f"must be one of {', '.join(known)}", where=where)
