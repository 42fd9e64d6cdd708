"""What lets us in is told to nobody else: no text, no log, no other host."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from sipagent.errors import ConfigError, SessionRejected
from sipagent.realtime.endpoint import Endpoint
from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.fakes.scripted_endpoint import scripted_endpoint

from .handshakes import ACCEPTED, KEY, answering, assert_nothing_is_told, failure, handshake


@pytest.mark.parametrize("headers", [{"api-key": f"{KEY}\r\nHost: x"}, {"a\n": "b"}, {"a": "é"}])
def test_a_header_that_is_no_header_is_refused_and_not_repeated(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Endpoint(headers=headers)
    assert caught.value.where == "headers"
    assert KEY not in str(caught.value)


async def test_a_redirect_is_not_followed_with_our_key() -> None:
    async with (
        scripted_endpoint() as elsewhere,
        answering("HTTP/1.1 302 Found", f"Location: {elsewhere.url}", "Content-Length: 0") as url,
    ):
        failed = await failure(Endpoint(url, headers={"api-key": KEY}))
        assert isinstance(failed, SessionRejected)
        assert failed.status == 302
        assert elsewhere.requests == []


def fail_with_the_key() -> str:
    """Fail as a careless vault would."""
    raise OSError(f"cannot renew {KEY}")


@pytest.mark.parametrize(
    "key", [fail_with_the_key, f"{KEY}\r\nHost: x", f"{KEY}é", KEY.encode, lambda: None]
)
async def test_a_key_that_is_none_is_a_rejection_that_does_not_repeat_it(key: Any) -> None:
    failed = await failure(Endpoint("ws://127.0.0.1:9", api_key=key))
    assert isinstance(failed, SessionRejected)
    assert_nothing_is_told(failed)


@pytest.mark.parametrize("fault", ["refuse", "hang"])
async def test_a_handshake_that_fails_does_not_repeat_what_lets_us_in(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with faulty_endpoint() as far_end:
        far_end.fault = fault
        address = far_end.url.replace("ws://", f"ws://user:{KEY}@") + f"?api-key={KEY}"
        endpoint = Endpoint(
            verbatim_url=address,
            api_key=KEY,
            subprotocols=(f"openai-insecure-api-key.{KEY}",),
            handshake_timeout_s=0.2,
        )
        failed = await failure(endpoint)
        assert far_end.url in str(failed)
        assert_nothing_is_told(failed)
        assert KEY not in repr(endpoint)
    assert_nothing_is_logged(caplog)


@pytest.mark.parametrize(
    "line",
    [
        f"Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.{KEY}",
        f"Sec-WebSocket-Protocol: {KEY}",
        f"Sec-WebSocket-Extensions: {KEY}",
    ],
)
async def test_a_peer_that_repeats_what_lets_us_in_is_not_quoted(line: str) -> None:
    async with answering(*ACCEPTED, line) as url:
        offered = ("realtime", f"openai-insecure-api-key.{KEY}")
        failed = await failure(Endpoint(url, subprotocols=offered))
        assert isinstance(failed, SessionRejected)
        assert_nothing_is_told(failed)


async def test_a_session_that_works_writes_no_key_down(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = await handshake(api_key=KEY, headers={"api-key": KEY})
    assert request.headers["api-key"] == KEY
    assert_nothing_is_logged(caplog)


def assert_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Look for the key in what we logged; the far end is a log of its own."""
    ours = [each for each in caplog.records if each.name != "websockets.server"]
    assert not [each for each in ours if KEY in each.getMessage()]
