"""Where a peer may send us, and what the agent is told of whoever is there then."""

from __future__ import annotations

from pathlib import Path

import pytest

from sipagent.calls import facts
from sipagent.calls.leg_succession import REPLACED_NOTE, allowed
from sipagent.calls.routing import load_routes
from sipagent.calls.setup import CallSetup
from sipagent.calls.transfer_setup import TransferSetup
from sipagent.dialplan.versions import PlanSource
from sipagent.errors import DialplanError
from sipagent.sip.events import PeerReplaced
from sipagent.sip.headers import outgoing_invite
from sipagent.sip.never_called import USUALLY, NeverCalled

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
    assert allowed(PBX, USUALLY)(uri)


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
    assert not allowed(PBX, USUALLY)(uri)
    assert not allowed((), USUALLY)(uri)


@pytest.mark.parametrize(
    "user",
    ["112", "+49112", "%31%31%32", "1-1-2", "112#", "*31#112", "+49900123", "0049900123", "0900123",
     "*31#0900123", "+882123", "+8-8-2123"],
)  # fmt: skip
def test_numbers_that_nobody_may_have_us_call_are_not_called_whatever_the_plan_says(
    user: str,
) -> None:
    assert not allowed(PBX, USUALLY)(f"sip:{user}@pbx.example.com")


def test_the_configuration_says_what_nobody_may_have_us_call() -> None:
    ours = allowed(PBX, NeverCalled(("0112",), "+44"))
    assert not ours("sip:0112@pbx.example.com")
    assert not ours("sip:0901234@pbx.example.com")
    assert ours("sip:112@pbx.example.com")


async def test_the_configurations_list_reaches_the_plans(tmp_path: Path) -> None:
    agent = '[[agents]]\nname = "A"\ninstructions = "x"\n'
    table = '[transfer]\naccept_refer = "follow"\nrefer_targets = ["sip:*@pbx"]\n'
    (tmp_path / "p.toml").write_text(f'name = "p"\n{agent}{table}')
    routes = await load_routes(
        PlanSource(1, "", tmp_path, tmp_path),
        embedded=False,
        emergency_numbers=["0112"],
        country_code="+44",
    )
    setup = routes.named("p")
    assert isinstance(setup, CallSetup)
    assert setup.transfer.never_called == NeverCalled(("0112",), "+44")


async def test_no_plan_transfers_to_an_emergency_number_unless_it_takes_such_calls(
    tmp_path: Path,
) -> None:
    agent = '[[agents]]\nname = "A"\ninstructions = "x"\ntools = ["transfer_call"]\n'
    plan = f'name = "p"\n{agent}[transfer]\ntargets = {{ help = "tel:112" }}\n'
    (tmp_path / "p.toml").write_text(plan)
    with pytest.raises(DialplanError, match=r"p.toml:7: transfer.targets.help: is an emergency"):
        await load_routes(PlanSource(1, "", tmp_path, tmp_path), embedded=False)
    (tmp_path / "p.toml").write_text(f"{plan}[match]\nemergency = true\n")
    await load_routes(PlanSource(1, "", tmp_path, tmp_path), embedded=False)


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


async def test_whom_a_refer_had_us_call_is_who_is_there(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        ours = outgoing_invite("sip:desk@pbx.example.com", "sipagent", (), ())
        running.far_end.leg.tell(PeerReplaced(ours))
        assert (await running.told.until(facts.PeerChanged)).caller == "desk"
