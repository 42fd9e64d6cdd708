"""A softphone that others wrote, transferred by an agent to a third party."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.tones import tone
from sipagent.calls import facts, leg_transfer
from sipagent.calls.setup import CallSetup, Prompt
from sipagent.calls.termination import Reason
from sipagent.calls.tools import builtin_tools
from sipagent.calls.transfer_setup import TransferSetup, TransferTarget
from tests.calls.talk import call_setup, no_agent_voice
from tests.ports import rtp_ports
from tests.realtime.playbook import created, done, function_call

from .agent_call import AgentDesk, agent_desk
from .baresip import Baresip, baresip, needs_baresip
from .far_end import far_end
from .harness import until

pytestmark = needs_baresip

TARGETS_PORTS = rtp_ports("third far end")


def setup_of(target: str, *, is_attended: bool = False) -> CallSetup:
    """Return a plan whose agent transfers to ``target``."""
    transfer = TransferSetup({"desk": TransferTarget(target, is_attended=is_attended)})
    agent = RealtimeAgent("Ada", tools=[*builtin_tools(transfer).values()])
    return call_setup(agent=agent, greeting="Greet.", transfer=transfer)


async def is_transferred(desk: AgentDesk, softphone: Baresip, **briefing: str) -> None:
    """Have the agent transfer, and see that the softphone followed and told how it went."""
    await desk.endpoint.has_received("response.create")
    arguments = orjson.dumps({"target": "desk", **briefing}).decode()
    wish = function_call("transfer_call", arguments=arguments)
    await desk.endpoint.say(created(), wish, done())
    ended = await desk.told.until(facts.TransferEnded)
    assert (ended.outcome, ended.status) == ("completed", 200)  # which only a NOTIFY tells
    end = await desk.told.until(facts.CallEnded)
    assert (end.termination.reason, end.termination.detail) == (Reason.TRANSFERRED, "to desk")
    await until(lambda: hears_target(softphone))


def hears_target(softphone: Baresip) -> bool:
    """Tell whether the softphone has said that audio comes from the target."""
    first, last = TARGETS_PORTS
    heard = re.findall(r"receiving from 127\.0\.0\.1:(\d+)", softphone.output)
    return any(first <= int(port) <= last for port in heard)


async def test_a_softphone_goes_where_it_is_sent(tmp_path: Path) -> None:
    async with (
        far_end("echoes", codecs=["PCMU"], rtp_ports=TARGETS_PORTS) as target,
        agent_desk(tmp_path, setup_of(target)) as desk,
        baresip(f"sip:agent@127.0.0.1:{desk.board.endpoint.port}", tmp_path) as softphone,
    ):
        await is_transferred(desk, softphone)


async def test_a_softphone_that_knows_no_replaces_calls_the_target_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spoken(text: str, voice: str) -> Prompt:
        return Prompt(tone(500, 60, 8_000), 8_000)

    monkeypatch.setattr(leg_transfer, "spoken_prompt", spoken)
    monkeypatch.setattr(leg_transfer, "agent_voice", no_agent_voice)
    async with (
        far_end("echoes", codecs=["PCMU"], rtp_ports=TARGETS_PORTS) as target,
        agent_desk(tmp_path, setup_of(target, is_attended=True)) as desk,
        baresip(f"sip:agent@127.0.0.1:{desk.board.endpoint.port}", tmp_path) as softphone,
    ):
        await is_transferred(desk, softphone, briefing="Ada.")
        assert (await desk.told.until(facts.TransferEnded)).briefed_by == "local"
        assert "Replaces=" in softphone.output  # it was asked
