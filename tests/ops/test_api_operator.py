"""What operators have done on calls, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sipagent.operator_acts import (
    ActAnswer,
    HandOver,
    HangUp,
    Mute,
    OperatorAct,
    Say,
    TransferTo,
    Whisper,
)
from sipagent.ops import asking
from sipagent.ops.channel import Closed, OperatorAsked

from .served import CALLS, Served, served_api
from .told import ENDED, HOSTILE, OFFERED, told


async def wants(running: Served, what: str, body: Any = None, call_id: str = "c") -> Any:
    """Post to a call; return the status, and why not."""
    options = {} if body is None else {"json": body}
    status, content = await running.asks("POST", f"{CALLS}/{call_id}/{what}", **options)
    return status, content.get("error", {}).get("message", "")


@pytest.mark.parametrize(
    ("what", "body", "act"),
    [
        ("hangup", None, HangUp()),
        ("hangup", {"at_once": False}, HangUp(at_once=False)),
        ("transfer", {"target": "billing"}, TransferTo("billing")),
        (
            "transfer",
            {"uri": "sip:Ada@PBX.example"},
            TransferTo("sip:Ada@pbx.example", "sip:Ada@PBX.example"),
        ),
        ("say", {"text": " One moment. "}, Say("One moment.")),
        ("whisper", {"text": "Offer 10 %.\nNo more."}, Whisper("Offer 10 %.\nNo more.")),
        ("mute", {"direction": "inbound"}, Mute("inbound", is_muted=True)),
        ("unmute", {"direction": "outbound"}, Mute("outbound", is_muted=False)),
        ("handover", {"agent": "Billing"}, HandOver("Billing")),
    ],
)
async def test_it_is_handed_to_the_process_with_the_call(
    tmp_path: Path, what: str, body: Any, act: OperatorAct
) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        assert await wants(running, what, body) == (202, "")
        ((source, asked),) = running.sent
        assert isinstance(asked, OperatorAsked)
        assert (source, asked.call_id, asked.by, asked.act) == ("w", "c", "local", act)


@pytest.mark.parametrize(
    ("what", "body", "status", "why"),
    [
        ("say", {"text": ""}, 400, "text: "),
        ("say", {"text": "x" * 1_001}, 400, "text: "),
        ("say", {"text": HOSTILE[:500]}, 400, "text: Value error, must be printable text"),
        ("whisper", {"text": "\x1b[31m"}, 400, "text: "),
        ("mute", {}, 400, "direction: "),
        ("mute", {"direction": "both"}, 400, "direction: "),
        ("handover", {"agent": ""}, 400, "agent: "),
        ("hangup", {"at_once": "yes"}, 400, "at_once: "),
        ("transfer", {}, 400, "needs either"),
        ("transfer", {"target": "a", "uri": "sip:a@b"}, 400, "needs either"),
        ("transfer", {"uri": "+49301"}, 400, "uri: must be like"),
        ("transfer", {"uri": "sip:a@b?Replaces=x"}, 400, "uri: is no SIP URI"),
        ("transfer", {"uri": "sip:a@evil.example"}, 403, "[dial] allow does not have it"),
        ("transfer", {"uri": "sip:112@pbx.example"}, 403, "emergency numbers are never called"),
    ],
)
async def test_what_may_not_be_wanted_reaches_nobody(
    tmp_path: Path, what: str, body: Any, status: int, why: str
) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        answered, text = await wants(running, what, body)
        assert (answered, running.sent) == (status, [])
        assert text.startswith(why)


async def test_the_process_says_whether_it_can_be_done(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        running.done = ActAnswer(409, "there is no session now")
        assert await wants(running, "say", {"text": "x"}) == (409, "there is no session now")


async def test_a_process_that_says_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWER_LIMIT_S", 0.05)
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        running.done = None
        assert (await wants(running, "say", {"text": "x"}))[0] == 503


async def test_calls_that_are_over_or_never_were_are_told_apart(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED, ENDED))
        assert await wants(running, "say", {"text": "x"}) == (409, "it is over")
        assert (await wants(running, "hangup"))[0] == 202
        assert (await running.asks("DELETE", f"{CALLS}/c"))[0] == 202
        assert (await wants(running, "hangup", call_id="nobody"))[0] == 404
        assert (await running.asks("DELETE", f"{CALLS}/nobody"))[0] == 404
        assert running.sent == []


async def test_a_process_that_ends_meanwhile_leaves_nobody_waiting(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        running.done = None
        running.on_sent = lambda: running.api.heard("w", Closed())
        assert await wants(running, "say", {"text": "x"}) == (409, "it is over")
