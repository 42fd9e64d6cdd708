"""Where a peer may send us, and what the agent is told of whoever is there then."""

from __future__ import annotations

from pathlib import Path

import pytest

from sipagent.calls import facts
from sipagent.calls.leg_succession import REPLACED_NOTE, allowed
from sipagent.calls.transfer_setup import TransferSetup
from sipagent.sip.events import PeerReplaced

from .leg import INVITE
from .test_transferring import talking

PBX = ("sip:*@pbx.example.com", "sip:[0-9][0-9]@10.0.0.1:5070")


@pytest.mark.parametrize(
    "uri",
    [
        "sip:desk@pbx.example.com",
        "SIP:desk@PBX.Example.com;transport=tcp;user=phone",
        "sip:12@10.0.0.1:5070",
        "sip:desk@pbx.example.com?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&Require=replaces",
    ],
)
def test_targets_of_the_plan_may_be_called(uri: str) -> None:
    assert allowed(PBX)(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "sip:+900123@evil.example.com",
        "sip:+900@evil.example.com;x=@pbx.example.com",
        "sip:+900@evil.example.com?x=@pbx.example.com",
        "sip:desk@pbx.example.com;maddr=evil.example.com",
        "sip:desk@pbx.example.com?Route=%3Csip:evil.example.com%3E",
        "sip:desk@pbx.example.com.evil.example.com",
        "sip:12@10.0.0.1",
        "sips:desk@pbx.example.com",
        "tel:+900123",
        "",
    ],
)
def test_nobody_else_is_called(uri: str) -> None:
    assert not allowed(PBX)(uri)
    assert not allowed(())(uri)


async def test_the_agent_is_told_that_somebody_else_is_there(tmp_path: Path) -> None:
    setup = TransferSetup(refer_targets=PBX, accepts_replaces=True)
    async with talking(tmp_path, transfer=setup) as running:
        leg = running.far_end.leg
        assert leg.accepts_replaces
        assert leg.follows("sip:desk@pbx.example.com")
        leg.tell(PeerReplaced(INVITE))
        (added,) = await running.endpoint.has_received("conversation.item.create")
        assert added["item"]["content"][0]["text"] == REPLACED_NOTE
        changed = await running.told.until(facts.PeerChanged)
        assert (changed.sip_call_id, changed.caller) == ("sip-1", "+4930123456")
