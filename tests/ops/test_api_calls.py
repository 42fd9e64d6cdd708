"""Calls by the admin API, over HTTP: placed, refused, looked at, ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.ops.channel import Closed, DialAsked

from .served import CALLS, Served, served_api
from .told import ENDED, OFFERED, told

WANTED = {"to": "+49 30 1234", "plan": "desk"}


async def placed(running: Served, **wanted: Any) -> str:
    """Have a call placed; return its id."""
    status, body = await running.asks("POST", CALLS, json=WANTED | wanted)
    assert status == 202, body
    return str(body["call_id"])


async def test_a_call_is_placed_with_everything_that_was_said_of_it(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        call_id = await placed(
            running,
            caller_id="+49301",
            ring_s=20.0,
            headers={"X-Case": "7"},
            variables={"name": "Ada"},
        )
        asked = DialAsked(
            call_id, "+49301234", "desk", "provider", "+49301", 20.0, (("X-Case", "7"),),
            {"name": "Ada"},
        )  # fmt: skip
        assert running.sent == [("w", asked)]
        _, shown = await running.asks("GET", f"{CALLS}/{call_id}")
        assert (shown["direction"], shown["state"], shown["called"], shown["plan"]) == (
            "outgoing",
            "dialling",
            "+49301234",
            "desk",
        )


async def test_how_far_a_call_is_comes_of_its_facts(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        call_id = await placed(running)

        async def after(fact: facts.Fact) -> dict[str, Any]:
            running.api.heard("w", told(fact, call_id=call_id))
            return (await running.asks("GET", f"{CALLS}/{call_id}"))[1]

        offered = facts.CallOffered("outgoing", "sip-1", "+49301234", "+49301")
        assert (await after(offered))["state"] == "dialling"
        assert (await after(facts.CalleeRang(180)))["state"] == "ringing"
        assert (await after(facts.CallAnswered(900, "PCMU")))["state"] == "talking"
        shown = await after(facts.CalleeDetected("machine", 2_800))
        assert shown["callee"] == {"kind": "machine", "greeting_ms": 2_800, "beep_ms": None}
        end = Termination(Result.COMPLETED, Reason.MESSAGE_LEFT, "", 200)
        over = await after(facts.CallEnded(end, 9_000))
        assert (over["state"], over["reason"], over["duration_ms"]) == (
            "ended",
            "message_left",
            9_000,
        )


async def test_calls_are_listed_whoever_placed_them(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED, call_id="c1"))
        call_id = await placed(running)
        _, content = await running.asks("GET", CALLS)
        listed = [(each["call_id"], each["direction"]) for each in content["calls"]]
        assert listed == [("c1", "incoming"), (call_id, "outgoing")]


@pytest.mark.parametrize(
    ("wanted", "status", "text"),
    [
        ({"to": "+43123"}, 403, "[dial] allow does not have it"),
        ({"to": "112"}, 403, "emergency numbers are never called"),
        ({"to": "sip:+49301234@evil.example"}, 403, "[dial] allow does not have it"),
        ({"to": "ada"}, 400, "to: is neither a number"),
        ({"to": "+4930", "ring_s": 1_000}, 400, "ring_s: "),
        ({"plan": "no plan"}, 400, "plan: "),
        ({"headers": {"From": "x"}}, 400, "headers.From"),
        ({"headers": {"X-A": "x\r\nFrom: y"}}, 400, "headers.X-A"),
        ({"caller_id": "a>b"}, 400, "caller_id: "),
        ({"limit": 1}, 400, "limit: Extra inputs"),
    ],
)
async def test_what_may_not_be_called_or_said_is_refused_with_the_reason(
    tmp_path: Path, wanted: dict[str, Any], status: int, text: str
) -> None:
    async with served_api(tmp_path) as running:
        answered, body = await running.asks("POST", CALLS, json=WANTED | wanted)
        assert answered == status
        assert body["error"]["message"].startswith(text)
        assert running.sent == []


async def test_too_many_calls_are_told_when_to_come_back(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        call_ids = [await placed(running, to=f"+4930{number}") for number in (7, 8)]
        status, body = await running.asks("POST", CALLS, json=WANTED)
        assert (status, body["error"]["message"]) == (503, "2 calls are placed already")
        for call_id in call_ids:
            running.api.heard("w", told(OFFERED, ENDED, call_id=call_id))
        for _ in range(3):
            call_id = await placed(running, to="+49301")
            running.api.heard("w", told(OFFERED, ENDED, call_id=call_id))
        status, body = await running.asks("POST", CALLS, json=WANTED | {"to": "0049 301"})
        assert status == 429


async def test_what_the_line_refuses_is_no_call(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.answers = (404, 'there is no plan "desk"')
        for _ in range(5):
            status, body = await running.asks("POST", CALLS, json=WANTED)
            assert (status, body["error"]["message"]) == (404, 'there is no plan "desk"')
        running.answers = (202, "")
        await placed(running)
        await placed(running)  # those that were refused take no place, and count for nothing


async def test_calls_of_a_process_that_ended_are_over(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        call_id = await placed(running)
        running.api.heard("w", Closed())
        _, shown = await running.asks("GET", f"{CALLS}/{call_id}")
        assert (shown["state"], shown["result"]) == ("ended", "failed")


async def test_a_number_needs_a_trunk(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        await placed(running, to="sip:ada@pbx.example")
        assert isinstance(asked := running.sent[0][1], DialAsked)
        assert (asked.to, asked.trunk) == ("sip:ada@pbx.example", "")


async def test_without_a_token_nobody_else_places_calls(tmp_path: Path) -> None:
    async with served_api(tmp_path, token="secret") as running:
        assert (await running.asks("POST", CALLS, json=WANTED))[0] == 401
        headers = {"Authorization": "Bearer secret"}
        assert (await running.asks("POST", CALLS, json=WANTED, headers=headers))[0] == 202
