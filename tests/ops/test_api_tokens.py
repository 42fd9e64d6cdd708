"""Who may ask the admin API, and what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sipagent.ops import api_guard
from sipagent.ops.api_routes import V1
from sipagent.ops.api_tokens import (
    MOST_FAILURES,
    REMEMBERED_SOURCES,
    WITHIN_S,
    Asker,
    FailedTokens,
    Role,
    Token,
    asker_of,
)
from sipagent.ops.channel import FlightAsked

from .served import CALLS, EVENTS, served_api
from .told import OFFERED, told

ADA, WALL = Asker("ada", Role.OPERATE), Asker("wall", Role.READ)
TOKENS = [Token(ADA, "correct-horse"), Token(WALL, "battery-staple")]


@pytest.mark.parametrize(
    ("header", "asker"),
    [
        ("Bearer correct-horse", ADA),
        ("Bearer battery-staple", WALL),
        ("Bearer correct-hors", None),
        ("Bearer correct-horse ", None),
        ("bearer correct-horse", ADA),
        ("Basic correct-horse", None),
        ("correct-horse", None),
        ("Bearer \udcff", None),
        ("Bearer ", None),
        ("", None),
    ],
)
def test_a_token_is_somebodys_or_nobodys(header: str, asker: Asker | None) -> None:
    assert asker_of(header, TOKENS) == asker


def test_every_token_is_compared_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(given: bytes, known: bytes) -> bool:
        compared.append(known)
        return given == known

    monkeypatch.setattr("sipagent.ops.api_tokens.hmac.compare_digest", compare)
    assert asker_of("Bearer correct-horse", TOKENS) == ADA
    assert compared == [b"correct-horse", b"battery-staple"]


def test_who_may_operate_may_read() -> None:
    assert Role.OPERATE.may(Role.READ) and Role.OPERATE.may(Role.OPERATE)
    assert Role.READ.may(Role.READ) and not Role.READ.may(Role.OPERATE)


def test_who_guesses_too_often_has_to_wait() -> None:
    failed = FailedTokens()
    for index in range(MOST_FAILURES):
        assert failed.wait_s("a", now=float(index)) == 0
        failed.failed("a", now=float(index))
    assert failed.wait_s("a", now=10.0) == WITHIN_S - 10
    assert failed.wait_s("b", now=10.0) == 0
    assert failed.wait_s("a", now=WITHIN_S + 0.5) == 0


def test_not_every_source_is_remembered() -> None:
    failed = FailedTokens()
    for _ in range(MOST_FAILURES):
        failed.failed("a", now=0.0)
    for index in range(REMEMBERED_SOURCES):
        failed.failed(f"b{index}", now=1.0)
    assert failed.wait_s("a", now=2.0) == 0


def bearer(token: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {token}"}}


async def test_who_may_read_sees_everything_and_changes_nothing(tmp_path: Path) -> None:
    async with served_api(tmp_path, token="s3cret") as running:
        running.api.heard("w", told(OFFERED))
        reads, operates = bearer("s3cret-read"), bearer("s3cret")
        for route in running.api.table():
            path = route.whole_path.replace("{call_id}", "c").replace("{approval_id}", "a1")
            if route.role is Role.READ:
                if path != EVENTS:  # has no end
                    assert (await running.asks("GET", path, **reads))[0] in {200, 404}, path
            else:
                status, content = await running.asks(route.method, path, json={}, **reads)
                assert status == 403, path
                assert content["error"]["message"] == 'needs a token with the role "operate"'
        # A record that is to be read may have to be saved first; nothing happens to the call.
        assert {type(message) for _, message in running.sent} <= {FlightAsked}
        assert (await running.asks("POST", f"{CALLS}/c/hangup", **operates))[0] == 202


async def test_guesses_from_elsewhere_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_guard, "is_loopback", lambda _: False)
    async with served_api(tmp_path, token="s3cret") as running:
        assert (await running.asks("GET"))[0] == 401  # that was no guess
        for _ in range(MOST_FAILURES):
            assert (await running.asks("GET", **bearer("wrong")))[0] == 401
        assert (await running.asks("GET", **bearer("wrong")))[0] == 429
        assert (await running.asks("GET", **bearer("s3cret")))[0] == 429


async def test_a_proxy_on_this_machine_is_always_listened_to(tmp_path: Path) -> None:
    async with served_api(tmp_path, token="s3cret") as running:
        for _ in range(MOST_FAILURES + 1):
            assert (await running.asks("GET", **bearer("wrong")))[0] == 401
        assert (await running.asks("GET", **bearer("s3cret")))[0] == 200


async def test_a_token_in_the_address_is_none(tmp_path: Path) -> None:
    async with served_api(tmp_path, token="s3cret") as running:
        for name in ("token", "access_token"):
            assert (await running.asks("GET", f"{V1}/calls?{name}=s3cret"))[0] == 401


async def test_no_token_is_written_down(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with served_api(tmp_path, token="s3cret") as running:
        for token in ("s3cret", "s3cret-read", "s3cret-not"):
            for path in (f"{V1}/drain", f"{CALLS}/c/say", f"{V1}/plans/check"):
                _, content = await running.asks("POST", path, json={}, **bearer(token))
                assert "s3cret" not in str(content)
        assert len(running.audited) == 9
        assert "s3cret" not in str(running.audited)
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(Token(Asker("ada", Role.READ), "s3cret"))
