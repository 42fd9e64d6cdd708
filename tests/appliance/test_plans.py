"""Plans that refuse calls, send them elsewhere, or transfer callers: over real SIP and RTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from sipagent.dialplan.call_keys import keys_from_json
from sipagent.dialplan.matching import Matcher
from sipagent.dialplan.plan_texts import read_plans
from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.refund_call import decide, heard, until_asked
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import Appliance, appliance

pytestmark = needs_sipp

TARGET = "sip:operator@example.com"

TRANSFERRING = f"""
name = "test"
[match]
called = "{{called}}"
[session]
script = "test"
[keypad]
pause_s = 20
[[agents]]
name = "Agent"
instructions = "Be brief."
tools = ["transfer_call", "hangup"]
[transfer.targets]
operator = "{TARGET}"
"""
ASKS = "[transfer]\nneeds_approval = true\n"
SCRIPT = """
[[agents]]
name = "Agent"
greeting = "Hello."
otherwise = ["Sorry?"]
[[agents.rules]]
heard = ["the caller pressed one on the keypad"]
call = "transfer_call"
arguments = { target = "operator" }
[[agents.rules]]
heard = ["the caller pressed nine on the keypad"]
say = "Bye."
call = "hangup"
"""


def told(running: Appliance, fact: str) -> list[dict[str, Any]]:
    """Return what the timeline has of one kind."""
    lines = (running.folder / "timeline.jsonl").read_bytes().splitlines()
    return [event for line in lines if (event := orjson.loads(line))["fact"] == fact]


@pytest.mark.parametrize(
    ("scenario", "tables", "status", "reason"),
    [
        ("is_refused", "[refuse]\nstatus = 488\n", 488, "plan_refused"),
        ("is_redirected", f'[refer]\ntarget_uri = "{TARGET}"\n', 302, "redirected"),
    ],
)
async def test_a_plan_without_agents_has_its_say(
    tmp_path: Path, scenario: str, tables: str, status: int, reason: str
) -> None:
    plan = f'name = "test"\n[match]\ncalled = "{{called}}"\n{tables}'
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url, plan=plan) as running,
    ):
        async with Sipp(
            scenario, running.sip_port, tmp_path, status=status, target=TARGET
        ) as caller:
            await caller.succeeds()
        (record,) = await running.until_records(1)
        assert (record["result"], record["reason"]) == ("refused", reason)
        assert (record["plan"], record["sip_status"]) == ("test", status)
        assert endpoint.handshakes == 0


def refusing(name: str, status: int, match: str) -> str:
    """Return a plan that says which it is by the status of its refusals."""
    head = f'name = "{name}"\ninclude = "always.part.toml"\n[refuse]\nstatus = {status}\n'
    return f"{head}[match]\n{match}\n"


async def test_source_and_hours_decide_and_the_keys_on_record_say_so_again(tmp_path: Path) -> None:
    folder = tmp_path / "plans"
    folder.mkdir()
    always = '[match.hours]\nzone = "Europe/Berlin"\nopen = "mon-sun 00:00-24:00"\n'
    (folder / "always.part.toml").write_text(always)
    closed = refusing("closed", 486, 'priority = 5\nhours.when = "closed"')
    (folder / "closed.toml").write_text(closed)
    (folder / "here.toml").write_text(refusing("here", 480, 'source = "127.0.0.0/8"'))
    elsewhere = refusing("test", 500, 'priority = 9\nsource = "203.0.113.0/24"')
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url, plan=elsewhere) as running,
    ):
        async with Sipp(
            "is_refused", running.sip_port, tmp_path, status=480, target=TARGET
        ) as caller:
            await caller.succeeds()
        (record,) = await running.until_records(1)
        assert (record["plan"], record["sip_status"]) == ("here", 480)
    (offered,) = told(running, "CallOffered")
    keys = keys_from_json(orjson.dumps(offered["keys"]))
    assert (keys.source_address, keys.call_id) == ("127.0.0.1", record["call_id"])
    again = Matcher(read_plans(folder)).match(keys)
    assert again is not None and again.plan.name == "here"


@asynccontextmanager
async def transferred(
    folder: Path, status: int, *, asks: bool = False
) -> AsyncIterator[tuple[Appliance, RtpPeer, Sipp]]:
    """Press 1 on a line that transfers callers; the target answers with ``status``.

    Args:
        folder: Of the test.
        status: Of the target.
        asks: Whether a person must allow it.
    """
    (folder / "plans").mkdir()
    (folder / "plans" / "test.script.toml").write_text(SCRIPT)
    plan = TRANSFERRING.replace("[transfer.t", f"{ASKS}[transfer.t") if asks else TRANSFERRING
    async with (
        appliance(folder, realtime_url="embedded", plan=plan) as running,
        RtpPeer() as peer,
        Sipp(
            "is_referred",
            running.sip_port,
            folder,
            rtp_port=peer.port,
            status=status,
            target=TARGET,
        ) as caller,
    ):
        await peer.until(25)
        await press(peer, "1")
        yield running, peer, caller


async def press(peer: RtpPeer, key: str) -> None:
    """Key in a number of one digit."""
    for each in (key, "#"):
        await peer.press(each, await peer.destination())


async def test_a_caller_who_presses_a_key_is_transferred_once_a_person_allows_it(
    tmp_path: Path,
) -> None:
    async with transferred(tmp_path, 200, asks=True) as (running, _, caller):
        waiting = await until_asked(running)
        assert (waiting["tool"], waiting["plan"]) == ("transfer_call", "test")
        assert not told(running, "ToolCalled")
        (plan,) = orjson.loads((await running.get("/api/v1/plans"))[1])["plans"]
        assert (plan["agents"], plan["targets"]) == (["Agent"], ["operator"])
        assert (await decide(running, waiting["id"], approve=True))[0] == 200
        await caller.succeeds()
        (record,) = await running.until_records(1)
        assert (record["result"], record["reason"]) == ("completed", "transferred")
        assert (record["detail"], record["digits"]) == ("to operator", "1#")


async def test_a_call_goes_on_when_the_operator_is_busy(tmp_path: Path) -> None:
    async with transferred(tmp_path, 486) as (running, peer, caller):
        await heard(running, "The transfer failed: busy.")  # a key would cut it off
        await press(peer, "9")
        await caller.succeeds()
        (record,) = await running.until_records(1)
        assert (record["result"], record["reason"]) == ("completed", "agent_hung_up")
        assert record["tool_calls"][0]["output"] == "The transfer failed: busy."
        assert "The transfer failed: busy." in [turn["said"] for turn in record["turns"]]
