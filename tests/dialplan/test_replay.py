"""Calls on record, and other plans."""

from __future__ import annotations

from sipagent.dialplan.call_keys import CallKeys, keys_from_json
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.replay import RecordedRoute, Rerouted, rerouted


def plan(name: str, **match: object) -> Dialplan:
    return Dialplan.model_validate({"name": name, "match": match, "refuse": {}})


def keys(called: str, call_id: str = "c1", at_s: float = 0.0) -> CallKeys:
    return CallKeys(called, call_id=call_id, at_s=at_s)


def test_calls_that_go_where_they_went_are_not_told() -> None:
    plans = [plan("desk", called="1*"), plan("all")]
    calls = [RecordedRoute(keys("12"), "desk"), RecordedRoute(keys("2"), "all")]
    assert list(rerouted(plans, calls)) == []


def test_a_call_that_another_plan_would_take_is_told_with_both_reasons() -> None:
    plans = [plan("desk", called="1*"), plan("all")]
    (found,) = rerouted(plans, [RecordedRoute(keys("2"), "desk")])
    assert (found.was, found.now) == ("desk", "all")
    assert 'all: called "2" matches *' in found.why
    assert 'desk: called "2" matches none of 1*' in found.why
    assert str(found).startswith("c1: desk -> all: ")


def test_calls_that_nobody_took_or_would_take_are_told() -> None:
    calls = [RecordedRoute(keys("1"), ""), RecordedRoute(keys("2"), "gone")]
    taken, lost = rerouted([plan("desk", called="1")], calls)
    assert (taken.was, taken.now) == ("", "desk")
    assert (lost.was, lost.now, lost.why) == ("gone", "", "gone: there is no such plan any more")
    assert "no plan -> desk" in str(taken)


def test_what_was_drawn_then_is_drawn_again() -> None:
    plans = [plan("a", weight=50), plan("b", weight=50)]
    calls = [keys("1", call_id=f"call{each}") for each in range(50)]
    taken = [RecordedRoute(each, found.now) for each in calls for found in _first(plans, each)]
    assert {each.plan for each in taken} == {"a", "b"}
    recorded = [RecordedRoute(keys_from_json(each.keys.to_json()), each.plan) for each in taken]
    assert list(rerouted(plans, recorded)) == []


def _first(plans: list[Dialplan], call: CallKeys) -> list[Rerouted]:
    return list(rerouted(plans, [RecordedRoute(call, "?")]))
