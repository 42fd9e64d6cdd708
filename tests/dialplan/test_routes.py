"""Plans beside each other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.conditions import Conditions
from sipagent.dialplan.covering import CoverIndex
from sipagent.dialplan.loading import read_dir
from sipagent.dialplan.matching import Matcher
from sipagent.dialplan.models import Agent, Dialplan
from sipagent.dialplan.plans import PlanSet
from sipagent.dialplan.routes import shadowing

Read = Callable[[], tuple[PlanSet, list[str]]]
Write = Callable[[str, str], Path]


def plan(name: str, **conditions: object) -> Dialplan:
    match_ = Conditions.model_validate(conditions)
    return Dialplan(name=name, match=match_, agents=(Agent(name="A", instructions="x"),))


def test_two_plans_must_not_have_one_name(
    write: Write, read: Read, minimal: Callable[[str], str], tmp_path: object
) -> None:
    write("a.toml", "\n" + minimal("desk"))
    write("b.toml", minimal("desk"))
    assert read()[1] == ['b.toml:2: name: "desk" is the name of a.toml:3 already']


def test_a_plan_that_never_takes_a_call_is_pointed_out(
    write: Write, read: Read, minimal: Callable[[str], str]
) -> None:
    write("a.toml", minimal("a") + '[match]\ncalled = ["+4930*", "x"]\n')
    write("b.toml", minimal("b") + "[match]\npriority = 1\n")
    assert read()[1] == [
        "a.toml:8: match.called: warning: never takes a call: b always takes it first"
    ]
    write("a.toml", minimal("a"))
    assert read()[1] == ["a.toml:2: name: warning: never takes a call: b always takes it first"]


@pytest.mark.parametrize(
    ("conditions", "others"),
    [
        ({"called": "+49*"}, [{"called": "*"}]),
        ({"called": ["1", "2"]}, [{"called": "1", "priority": 1}]),
        ({"caller": "1"}, [{"caller": "2*", "priority": 1}]),
        ({}, [{"header": {"X": "a"}, "priority": 1}]),
        ({"header": {"X": "*"}}, [{"header": {"x": "a*"}, "priority": 1}]),
        ({"called": "+49*"}, [{"called": "+4930*"}, {"called": "+4940*"}]),
        ({}, [{"trunk": "a", "priority": 1}]),
        ({"trunk": ["a", "b"]}, [{"trunk": "a", "priority": 1}]),
        ({"trunk": "a"}, [{"called": "*"}]),
    ],
)
def test_a_plan_with_calls_of_its_own_is_left_alone(
    conditions: dict[str, object], others: list[dict[str, object]]
) -> None:
    rest = [plan(f"o{index}", **each) for index, each in enumerate(others)]
    assert shadowing(plan("p", **conditions), rest) == []


@pytest.mark.parametrize(
    ("conditions", "others"),
    [
        ({}, [{}]),
        ({"called": ["1", "2"]}, [{"called": ["2", "3", "1"]}]),
        ({"called": ["1", "2"]}, [{"called": "1"}, {"called": "2"}]),
        ({"called": "1*", "header": {"X": "ab"}}, [{"header": {"x": "a*"}, "priority": 1}]),
        ({"called": "12*", "caller": "3"}, [{"called": "1*", "caller": "3", "priority": 1}]),
    ],
)
def test_others_together_may_take_every_call(
    conditions: dict[str, object], others: list[dict[str, object]]
) -> None:
    rest = [plan(f"o{index}", **each) for index, each in enumerate(others)]
    assert shadowing(plan("p", **conditions), rest) == [each.name for each in rest]


def test_a_plan_for_emergencies_is_not_shadowed_by_one_that_may_not_take_them() -> None:
    rescue = plan("rescue", called="112", emergency=True)
    assert shadowing(rescue, [plan("all", priority=1)]) == []
    assert shadowing(rescue, [plan("all", priority=1, emergency=True)]) == ["all"]


DAY: dict[str, object] = {"zone": "UTC", "open": "mon-sun 00:00-12:00"}
GLOBS = st.sampled_from(["*", "1", "1*", "12", "12*", "2", "?", "1?", "[12]*"])
NUMBERS = st.sampled_from(["", "1", "2", "12", "123", "3"])
CONDITIONS = st.fixed_dictionaries(
    {
        "called": st.lists(GLOBS, min_size=1, max_size=2),
        "caller": st.lists(GLOBS, min_size=1, max_size=2),
        "diverted_from": st.lists(GLOBS, min_size=1, max_size=2) | st.just(["*"]),
        "header": st.dictionaries(
            st.sampled_from(["X", "Y"]), st.lists(GLOBS, min_size=1, max_size=2), max_size=1
        ),
        "priority": st.integers(0, 1),
    },
    optional={
        "source": st.lists(st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "::/0"]), max_size=2),
        "trunk": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "hours": st.sampled_from(["open", "closed"]).map(lambda when: DAY | {"when": when}),
        "weight": st.sampled_from([0, 30, 100]),
        "default": st.booleans(),
    },
)


@given(
    conditions=st.lists(CONDITIONS, min_size=2, max_size=4),
    called=NUMBERS,
    caller=NUMBERS,
    diverted_from=NUMBERS,
    headers=st.lists(st.tuples(st.sampled_from("xy"), NUMBERS), max_size=2),
    other=st.fixed_dictionaries(
        {
            "trunk": st.sampled_from(["", "a", "b"]),
            "source_address": st.sampled_from(["", "10.1.0.1", "10.2.0.1", "::1"]),
            "at_s": st.sampled_from([0.0, 46_800.0]),
            "call_id": st.sampled_from("abcdef"),
        }
    ),
)
def test_a_plan_said_never_to_take_a_call_never_does(
    conditions: list[dict[str, object]],
    called: str,
    caller: str,
    diverted_from: str,
    headers: list[tuple[str, str]],
    other: dict[str, Any],
) -> None:
    first, *rest = [plan(f"p{index}", **each) for index, each in enumerate(conditions)]
    taker = Matcher([first, *rest]).match(
        CallKeys(called, caller, tuple(headers), diverted_from=diverted_from, **other)
    )
    if taker is not None and taker.plan is first:
        assert shadowing(first, rest) == []


@given(conditions=st.lists(CONDITIONS, min_size=2, max_size=6))
def test_a_first_look_passes_over_nobody_who_shadows(conditions: list[dict[str, object]]) -> None:
    plans = [plan(f"p{index}", **each) for index, each in enumerate(conditions)]
    index = CoverIndex(plans)
    for each in plans:
        looked_at = [plans[position] for position in index.may_cover(each)]
        assert each in looked_at
        rest = [other for other in looked_at if other is not each]
        assert shadowing(each, rest) == shadowing(each, [o for o in plans if o is not each])


def test_among_many_plans_few_are_looked_at() -> None:
    for key in ("called", "caller"):
        numbers = [f"+4930{number:03}" for number in range(200)]
        plans = [plan(f"p{each[1:]}", **{key: [each, f"{each}9*"]}) for each in numbers]
        plans += [plan("rest"), plan("some", **{key: "+49300*"})]
        index = CoverIndex(plans)
        assert index.may_cover(plans[7]) == [7, 200, 201]
        assert index.may_cover(plans[150]) == [150, 200]


@pytest.mark.parametrize(
    ("conditions", "other"),
    [
        ({"trunk": "a"}, {"trunk": ["b", "a"], "priority": 1}),
        ({"trunk": "a"}, {"priority": 1}),
    ],
)
def test_a_plan_for_a_trunk_is_shadowed_by_one_for_more(
    conditions: dict[str, object], other: dict[str, object]
) -> None:
    assert shadowing(plan("p", **conditions), [plan("o", **other)]) == ["o"]


def test_trunks_that_are_not_configured_are_named(
    write: Write, minimal: Callable[[str], str]
) -> None:
    file = write("a.toml", minimal("a") + '[match]\ntrunk = "provdier"\n')
    write("b.toml", minimal("b") + '[match]\ntrunk = ["provider", "pbx"]\n')
    _, found = read_dir(file.parent, trunks=["provider"])
    assert [str(each).replace(f"{file.parent}/", "") for each in found if each.is_error] == [
        'a.toml:8: match.trunk: there is no trunk "provdier" (did you mean "provider"?); '
        "known: provider",
        'b.toml:8: match.trunk[1]: there is no trunk "pbx"; known: provider',
    ]
    assert not any(each.is_error for each in read_dir(file.parent)[1])
