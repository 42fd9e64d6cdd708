"""Where an API is, and what lets us in."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

import pytest

from sipagent.agents.backend.transports.endpoint import ModelEndpoint
from sipagent.errors import ConfigError, ModelError

from .far_ends import KEY


@pytest.mark.parametrize(
    ("base", "http", "websocket"),
    [
        ("https://h/v1", "https://h/v1/responses", "wss://h/v1/responses"),
        ("http://h:81/v1/", "http://h:81/v1/responses", "ws://h:81/v1/responses"),
        ("http://h", "http://h/responses", "ws://h/responses"),
        ("https://h/v1?v=1#x", "https://h/v1/responses?v=1", "wss://h/v1/responses?v=1"),
    ],
)
def test_paths_are_under_the_base(base: str, http: str, websocket: str) -> None:
    endpoint = ModelEndpoint(base)
    assert endpoint.http_url("responses") == http
    assert endpoint.websocket_url("responses") == websocket


def test_websockets_may_be_elsewhere() -> None:
    endpoint = ModelEndpoint("https://h/v1", websocket_base_url="wss://i/v2")
    assert endpoint.websocket_url("responses") == "wss://i/v2/responses"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("base_url", "ws://h/v1"),
        ("base_url", "h/v1"),
        ("base_url", ""),
        ("base_url", "http://"),
        ("base_url", "http://user:password@h/v1"),
        ("base_url", "http://h:port/v1"),
        ("base_url", "http://h/v 1"),
        ("websocket_base_url", "http://h/v1"),
    ],
)
def test_what_is_no_address_is_refused_and_not_told(name: str, url: str) -> None:
    options: Any = {name: url}
    with pytest.raises(ConfigError) as caught:
        ModelEndpoint(**options)
    assert caught.value.where == name
    assert "password@" not in str(caught.value)


async def later_key() -> str:
    """Return a key after a moment."""
    await asyncio.sleep(0)
    return KEY


@pytest.mark.parametrize("key", [KEY, lambda: KEY, later_key, f" {KEY}\n"])
async def test_a_key_is_a_text_or_what_makes_one(key: Any) -> None:
    headers = await ModelEndpoint("http://h", key).entry_headers()
    assert headers == {"User-Agent": "sipagent", "Authorization": f"Bearer {KEY}"}


async def test_without_a_key_none_is_sent() -> None:
    assert "Authorization" not in await ModelEndpoint("http://h").entry_headers()


async def test_further_headers_go_with_the_key() -> None:
    endpoint = ModelEndpoint("http://h", KEY, {"OpenAI-Project": "p", "User-Agent": "other"})
    headers = await endpoint.entry_headers()
    assert headers["OpenAI-Project"] == "p"
    assert headers["User-Agent"] == "other"
    assert headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("name", ["api-key", "API-Key", "authorization"])
async def test_a_header_that_lets_us_in_replaces_the_key(name: str) -> None:
    asked: list[str] = []

    def key() -> str:
        asked.append("key")
        return KEY

    headers = await ModelEndpoint("http://h", key, {name: "mine"}).entry_headers()
    assert headers == {"User-Agent": "sipagent", name: "mine"}
    assert asked == []


QUERIED = "hidden-query"


async def broken_key() -> str:
    """Fail, and tell of the key."""
    raise ValueError(KEY)


async def cancelled_key() -> str:
    """Fail as if its own work had been cancelled."""
    raise asyncio.CancelledError


@pytest.mark.parametrize("key", [broken_key, cancelled_key, lambda: None, lambda: f"{KEY}\nX: y"])
async def test_a_key_that_is_none_is_told_without_it(key: Any) -> None:
    with pytest.raises(ModelError) as caught:
        await ModelEndpoint(f"http://h/v1?key={QUERIED}", key).entry_headers()
    told = "".join(traceback.format_exception(caught.value))
    assert KEY not in told
    assert QUERIED not in told


def test_headers_are_of_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        ModelEndpoint("http://h", headers={"X": "a\nb"})
    assert caught.value.where == "headers"


async def test_everything_that_lets_us_in_is_a_secret() -> None:
    endpoint = ModelEndpoint("http://h?key=queried", KEY, {"X": "special"})
    secrets = endpoint.secrets(await endpoint.entry_headers())
    assert {KEY, f"Bearer {KEY}", "special", "queried"} == set(secrets)


def test_an_endpoint_does_not_show_its_secrets() -> None:
    endpoint = ModelEndpoint("http://h?key=queried", KEY, {"X": "special"})
    assert not {each for each in (KEY, "queried", "special") if each in repr(endpoint)}
