"""The API of the plans."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.documents import MAX_BYTES
from sipagent.dialplan.findings import Finding, Severity
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.replay import RecordedRoute
from sipagent.ops.api_plans import MAX_FILES_BYTES
from sipagent.ops.api_routes import V1
from sipagent.ops.plan_state import PlanState
from tests.fakes.plan_keeper import WRONG

from .served import served_api

PLANS = V1 + "/plans"

PROBLEM = {
    "file": "plans/desk.toml",
    "line": 3,
    "key": "agents[0].name",
    "text": "is missing",
    "severity": "error",
}


async def test_the_list_tells_what_is_in_use_and_what_was(tmp_path: Path) -> None:
    async with served_api(tmp_path) as served:
        status, shown = await served.asks("GET", PLANS)
        assert status == 200
        assert (shown["version"], shown["is_current"], shown["problems"]) == (2, True, [])
        assert shown["plans"] == [
            {
                "name": "desk",
                "file": "plans/desk.toml",
                "called": ["+49*"],
                "priority": 5,
                "agents": ["Ada", "Bob"],
                "targets": ["desk"],
            }
        ]
        assert [each["version"] for each in shown["versions"]] == [2, 1]
        assert shown["versions"][0]["loaded_at"] == "2023-11-14T22:13:20.000+00:00"


async def test_a_reload_tells_what_is_wrong(tmp_path: Path) -> None:
    async with served_api(tmp_path) as served:
        status, shown = await served.asks("POST", f"{PLANS}/reload")
        assert (status, shown["outcome"], shown["version"]) == (200, "loaded", 3)
        served.keeper.problems = (WRONG,)
        status, shown = await served.asks("POST", f"{PLANS}/reload")
        assert (status, shown["outcome"], shown["is_current"]) == (422, "broken", False)
        assert (shown["version"], shown["problems"]) == (3, [PROBLEM])


async def test_files_are_checked_and_not_used(tmp_path: Path) -> None:
    async with served_api(tmp_path) as served:
        check = f"{PLANS}/check"
        body = {"files": {"desk.toml": "x"}}
        assert await served.asks("POST", check, json=body) == (
            200,
            {"is_right": True, "problems": []},
        )
        assert served.keeper.checked == [{"desk.toml": "x"}]
        served.keeper.problems = (WRONG,)
        status, found = await served.asks("POST", check, json={})
        assert (status, found) == (200, {"is_right": False, "problems": [PROBLEM]})
        served.keeper.problems = (Finding(Path("a"), 0, "", "odd", Severity.WARNING),)
        _, found = await served.asks("POST", check, json={})
        assert found["is_right"]


async def test_files_may_be_as_large_as_plans_are(tmp_path: Path) -> None:
    async with served_api(tmp_path) as served:
        files = {f"{name}.toml": "#" * MAX_BYTES for name in "abc"}
        for wish in ("check", "replay"):
            assert (await served.asks("POST", f"{PLANS}/{wish}", json={"files": files}))[0] == 200
            status, told = await served.asks(
                "POST",
                f"{PLANS}/{wish}",
                data=io.BytesIO(b" " * (MAX_FILES_BYTES + 1)),
                headers={"Content-Type": "application/json"},
            )
            assert (status, told["error"]["message"]) == (400, "is larger than 1048576 bytes")


@pytest.mark.parametrize("name", ["tool.py", "../a.toml", "below/a.toml", ".a.toml", "a.toml\n"])
async def test_only_plans_may_be_posted(tmp_path: Path, name: str) -> None:
    async with served_api(tmp_path) as served:
        status, _ = await served.asks("POST", f"{PLANS}/check", json={"files": {name: ""}})
        assert (status, served.keeper.checked) == (400, [])


@pytest.mark.parametrize(
    ("body", "expected"), [({"version": 1}, 200), ({"version": 9}, 404), ({"version": "1"}, 400)]
)
async def test_a_version_that_is_known_may_be_used_again(
    tmp_path: Path, body: dict[str, Any], expected: int
) -> None:
    async with served_api(tmp_path) as served:
        status, shown = await served.asks("POST", f"{PLANS}/rollback", json=body)
        assert status == expected
        if status == 200:
            assert (shown["version"], shown["is_rolled_back"]) == (1, True)


async def test_a_version_that_cannot_be_used_now_is_refused(tmp_path: Path) -> None:
    async with served_api(tmp_path) as served:
        served.keeper.problems = (WRONG,)
        status, shown = await served.asks("POST", f"{PLANS}/rollback", json={"version": 1})
        assert status == 422
        assert "plans/desk.toml:3: agents[0].name: is missing" in shown["error"]["message"]


def test_a_warning_does_not_make_plans_broken() -> None:
    warning = Finding(Path("a"), 0, "", "odd", Severity.WARNING)
    assert not PlanState(problems=(warning,)).is_broken
    assert PlanState().broken((warning, WRONG)).is_broken


async def test_past_calls_are_asked_about_and_those_that_go_elsewhere_told(tmp_path: Path) -> None:
    async with served_api(tmp_path) as served:
        plans = [{"name": "a", "match": {"called": "1"}}, {"name": "b", "match": {"called": "2"}}]
        served.keeper.plans = [Dialplan.model_validate({**each, "refuse": {}}) for each in plans]
        served.store.routed = [
            RecordedRoute(CallKeys("1", call_id="c1"), "a"),
            RecordedRoute(CallKeys("2", "me", call_id="c2", at_s=1.7e9), "a"),
        ]
        body = {"calls": 5, "files": {"a.toml": "x"}}
        status, found = await served.asks("POST", f"{PLANS}/replay", json=body)
        assert (status, found["calls"], served.keeper.checked) == (200, 2, [{"a.toml": "x"}])
        (call,) = found["rerouted"]
        assert (call["call_id"], call["was"], call["now"]) == ("c2", "a", "b")
        assert call["at"] == "2023-11-14T22:13:20.000+00:00"
        assert 'b: called "2" matches 2' in call["why"]
        _, found = await served.asks("POST", f"{PLANS}/replay", json={"calls": 1})
        assert found == {"calls": 1, "rerouted": []}


async def test_plans_and_stores_that_cannot_be_asked_are_named(tmp_path: Path) -> None:
    async with served_api(tmp_path) as served:
        served.keeper.problems = (WRONG,)
        status, shown = await served.asks("POST", f"{PLANS}/replay", json={})
        assert (status, "agents[0].name: is missing" in shown["error"]["message"]) == (422, True)
    async with served_api(tmp_path) as served:
        served.store.is_there = False
        status, shown = await served.asks("POST", f"{PLANS}/replay", json={})
        assert (status, shown["error"]["message"]) == (503, "the disk is gone")
