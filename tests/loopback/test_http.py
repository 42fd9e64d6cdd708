"""What the engine serves over plain HTTP, beside its sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import ClientSession
from openai.types.realtime import ClientSecretCreateResponse
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from .client import Client, Json
from .conftest import NOW

SECRETS = "/v1/realtime/client_secrets"


class Web:
    """A client of the engine's HTTP side."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self._session, self._base = session, base

    async def request(self, method: str, path: str, **options: Any) -> tuple[int, Json]:
        """Return status and object of the answer."""
        async with self._session.request(method, self._base + path, **options) as response:
            body: Json = await response.json()
            return response.status, body

    async def secret(self, **wanted: Any) -> Json:
        """Return a client secret."""
        status, secret = await self.request("POST", SECRETS, json=wanted)
        assert status == 200
        ClientSecretCreateResponse.model_validate(secret)
        return secret


@pytest.fixture
async def web(engine: str) -> AsyncIterator[Web]:
    """Yield a client."""
    async with ClientSession() as session:
        yield Web(session, engine.replace("ws://", "http://").removesuffix("/v1/realtime"))


async def greeting(
    url: str, *, headers: Mapping[str, str] | None = None, protocols: list[str] | None = None
) -> Json:
    """Open a session; return it as it was told first."""
    offered = [Subprotocol(each) for each in protocols or []]
    async with connect(url, additional_headers=headers, subprotocols=offered or None) as socket:
        session: Json = (await Client(socket).until("session.created"))["session"]
        return session


async def test_a_client_secret_opens_the_session_it_was_made_for(engine: str, web: Web) -> None:
    session = {"type": "realtime", "model": "gpt-x", "instructions": "Be brief."}
    secret = await web.secret(session=session)
    assert secret["value"].startswith("ek_")
    assert secret["expires_at"] == NOW + 600
    assert session.items() <= secret["session"].items()
    by_header = await greeting(engine, headers={"Authorization": f"Bearer {secret['value']}"})
    protocols = ["realtime", f"openai-insecure-api-key.{secret['value']}"]
    by_protocol = await greeting(engine, protocols=protocols)
    for opened in (by_header, by_protocol):
        assert session.items() <= opened.items()
        assert opened["id"] != secret["session"]["id"]


async def test_a_client_secret_may_be_for_any_session(engine: str, web: Web) -> None:
    async with ClientSession() as session:
        base = engine.replace("ws://", "http://")
        async with session.post(f"{base}/client_secrets") as response:
            assert response.status == 200
            assert (await response.json())["session"]["type"] == "realtime"


@pytest.mark.parametrize("seconds", [10, 7_200])
async def test_a_client_secret_lives_as_long_as_was_asked(web: Web, seconds: int) -> None:
    after = {"anchor": "created_at", "seconds": seconds}
    assert (await web.secret(expires_after=after))["expires_at"] == NOW + seconds


async def test_a_client_secret_nobody_issued_opens_nothing(engine: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await greeting(engine, headers={"Authorization": "Bearer ek_0"})
    assert caught.value.response.status_code == 401
    assert b'"invalid_api_key"' in caught.value.response.body


async def test_any_other_key_is_taken(engine: str) -> None:
    assert (await greeting(engine, headers={"Authorization": "Bearer sk-x"}))["id"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"expires_after": {"seconds": 9}}, "expires_after.seconds"),
        ({"expires_after": {"seconds": 7_201}}, "expires_after.seconds"),
        ({"expires_after": {"anchor": "now"}}, "expires_after.anchor"),
        ({"session": {"type": "transcription"}}, "session.type"),
        ({"session": {"type": "realtime", "instructions": 7}}, "session.instructions"),
        ([], "body"),
    ],
)
async def test_what_is_wrong_with_a_request_is_named(web: Web, body: Any, param: str) -> None:
    status, answer = await web.request("POST", SECRETS, json=body)
    assert status == 400
    assert answer["error"].keys() == {"message", "type", "param", "code"}
    assert (answer["error"]["type"], answer["error"]["param"]) == ("invalid_request_error", param)


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"[" * 5_000, b'{"session":' + b"[" * 900 + b"]" * 900 + b"}"]
)
async def test_what_is_no_json_to_work_with_is_refused(web: Web, body: bytes) -> None:
    status, answer = await web.request("POST", SECRETS, data=body)
    assert (status, answer["error"]["param"]) == (400, "body")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/v1/realtime/nowhere", 404),
        ("GET", SECRETS, 405),
        ("GET", "/v1/realtime", 400),
    ],
)
async def test_a_wrong_request_is_answered_with_an_error_object(
    web: Web, method: str, path: str, status: int
) -> None:
    answered, answer = await web.request(method, path)
    assert answered == status
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["message"]


async def test_an_engine_that_runs_says_so(engine: str) -> None:
    base = engine.replace("ws://", "http://").removesuffix("/v1/realtime")
    async with ClientSession() as session, session.get(f"{base}/healthz") as response:
        assert (response.status, await response.text()) == (200, "alive\n")
