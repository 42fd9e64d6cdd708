"""Models by name, over the transport that was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from sipagent.agents.backend.transports.chat import ChatCompletions
from sipagent.agents.backend.transports.http import ResponsesHttp
from sipagent.agents.backend.transports.provider import (
    OpenAIProvider,
    default_responses_transport,
    set_default_responses_transport,
)
from sipagent.agents.backend.transports.websocket import ResponsesWebSocket
from sipagent.errors import BackendError, ConfigError

from .far_ends import RESPONSE, events_of, http_api, socket_api


@pytest.fixture(autouse=True)
def _default_transport() -> Iterator[None]:
    yield
    set_default_responses_transport("http")


def kinds(provider: OpenAIProvider, *names: str) -> list[type]:
    """Return the classes of models."""
    return [type(provider.model(name)) for name in names]


def test_a_provider_has_its_transport() -> None:
    for transport, kind in [
        ("http", ResponsesHttp),
        ("websocket", ResponsesWebSocket),
        ("chat", ChatCompletions),
    ]:
        given: Any = transport
        assert kinds(OpenAIProvider(transport=given), "m") == [kind]


def test_a_model_may_have_its_own() -> None:
    provider = OpenAIProvider(transport="chat", model_transports={"b": "websocket"})
    assert kinds(provider, "a", "b") == [ChatCompletions, ResponsesWebSocket]


def test_without_one_it_is_the_default_of_the_process() -> None:
    provider = OpenAIProvider()
    assert kinds(provider, "m") == [ResponsesHttp]
    set_default_responses_transport("websocket")
    assert default_responses_transport() == "websocket"
    assert kinds(provider, "m") == [ResponsesWebSocket]
    assert kinds(OpenAIProvider(transport="http"), "m") == [ResponsesHttp]


@pytest.mark.parametrize("transport", ["", "ws", "HTTP", None])
def test_there_is_no_other_transport(transport: Any) -> None:
    with pytest.raises(ConfigError):
        set_default_responses_transport(transport)
    with pytest.raises(ConfigError):
        OpenAIProvider(model_transports={"m": transport})
    assert default_responses_transport() == "http"


def test_a_model_is_the_same_as_long_as_its_transport_is() -> None:
    provider = OpenAIProvider()
    first = provider.model("m")
    assert provider.model("m") is first
    assert provider.model("n") is not first
    set_default_responses_transport("websocket")
    assert provider.model("m") is not first
    set_default_responses_transport("http")
    assert provider.model("m") is first


async def test_its_models_are_asked_by_their_names() -> None:
    async with http_api() as api, OpenAIProvider(base_url=api.url, api_key="k") as provider:
        for name in ("a", "b"):
            assert await events_of(provider.model(name)) == RESPONSE
    assert [asked.body["model"] for asked in api.asked] == ["a", "b"]
    assert api.asked[0].headers["Authorization"] == "Bearer k"


async def test_an_azure_endpoint_has_headers_and_a_query() -> None:
    async with http_api() as api:
        headers = {"api-key": "azure"}
        async with OpenAIProvider(base_url=f"{api.url}?api-version=1", headers=headers) as provider:
            await events_of(provider.model("m"))
    (asked,) = api.asked
    assert asked.path == "/v1/responses?api-version=1"
    assert asked.headers["api-key"] == "azure"
    assert "Authorization" not in asked.headers


async def test_two_models_have_two_sockets() -> None:
    async with socket_api() as api:
        async with OpenAIProvider(base_url=api.url, transport="websocket") as provider:
            for name in ("a", "b", "a"):
                await events_of(provider.model(name))
        await api.is_left(0)
        await api.is_left(1)
    assert api.sockets == [1, 2, 1]


async def test_a_closed_provider_has_no_models() -> None:
    provider = OpenAIProvider()
    provider.model("m")
    await provider.close()
    await provider.close()
    with pytest.raises(BackendError):
        provider.model("m")


async def test_all_models_are_closed_though_some_cannot_be() -> None:
    provider = OpenAIProvider()
    closed: list[str] = []

    def breaking(name: str, error: Exception | None) -> None:
        async def close() -> None:
            closed.append(name)
            if error is not None:
                raise error

        cast("Any", provider.model(name)).close = close

    errors = [OSError("first"), ValueError("second")]
    breaking("a", errors[0])
    breaking("b", None)
    breaking("c", errors[1])
    with pytest.raises(BackendError, match="2 of 3 models") as caught:
        await provider.close()
    assert closed == ["a", "b", "c"]
    assert isinstance(caught.value.__cause__, ExceptionGroup)
    assert list(caught.value.__cause__.exceptions) == errors
    await provider.close()
    assert closed == ["a", "b", "c"]
