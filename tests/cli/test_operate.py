"""``sipagent calls live``, ``hangup``, ``transfer``, ``whisper``: asked of an appliance."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sipagent.calls import facts
from sipagent.config import Config
from sipagent.errors import SipAgentError
from sipagent.operate_command import act, list_live
from sipagent.operator_acts import HangUp, TransferTo, Whisper
from sipagent.ops.call_stream import plain
from sipagent.ops.channel import FactsTold, FactTold, OperatorAsked
from tests.ops.served import Served, served_api

NOW = datetime.fromtimestamp(1_700_000_065, UTC)
OFFERED = plain(facts.CallOffered("incoming", "s", "100", "+4989\x1b[2J"))
ROUTED = plain(facts.CallRouted("desk", "Ada"))


def config(port: int, token: str = "") -> Config:
    return Config.model_validate({"http": {"port": port, "token": token}})


def calling(running: Served, call_id: str = "c1") -> None:
    """Have a call go on."""
    told = FactTold(call_id, 1_700_000_000.0, "CallOffered", OFFERED)
    routed = FactTold(call_id, 1_700_000_000.0, "CallRouted", ROUTED)
    running.api.heard("w", FactsTold((told, routed)))


async def test_calls_that_go_on_are_listed_and_control_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served_api(tmp_path) as running:
        calling(running)
        await list_live(config(running.port), NOW)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("c1  ringing") and "desk" in line and line.endswith("1:05")
    assert "\x1b" not in line


async def test_what_is_wanted_reaches_the_process_with_the_call(tmp_path: Path) -> None:
    async with served_api(tmp_path, token="t") as running:
        calling(running)
        settings = config(running.port, "t")
        await act(settings, "c1", "hangup", {})
        await act(settings, "c1", "transfer", {"target": "desk"})
        await act(settings, "c1", "whisper", {"text": "He is insured."})
    asked = [each.act for _, each in running.sent if isinstance(each, OperatorAsked)]
    assert asked == [HangUp(), TransferTo("desk"), Whisper("He is insured.")]


async def test_an_appliance_that_says_no_or_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    async with served_api(tmp_path, token="t") as running:
        with pytest.raises(SipAgentError, match=r"^404: there is no such call"):
            await act(config(running.port, "t"), "c9", "hangup", {})
        with pytest.raises(SipAgentError, match=r"^401: "):
            await act(config(running.port, "other"), "c9", "hangup", {})
        port = running.port
    with pytest.raises(
        SipAgentError, match=f"appliance at http://127.0.0.1:{port} cannot be asked"
    ):
        await list_live(config(port), NOW)
