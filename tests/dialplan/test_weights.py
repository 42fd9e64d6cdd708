"""Plans that share calls out, and the one that is asked last."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.matching import Matcher
from sipagent.dialplan.models import Agent, Dialplan
from sipagent.dialplan.plans import PlanSet
from sipagent.dialplan.routes import shadowing
from sipagent.dialplan.weights import chosen, drawn

Write = Callable[[str, str], Path]
Read = Callable[[], tuple[PlanSet, list[str]]]
CALLS = [f"{number:016x}" for number in range(4_000)]


def plan(name: str, **conditions: object) -> Dialplan:
    agent = Agent(name="A", instructions="x")
    return Dialplan.model_validate({"name": name, "match": conditions, "agents": [agent]})


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ([10, None], [10, 90]),
        ([None, 10, None], [90, 10, 0]),
        ([30, 70], [30, 70]),
        ([10, 30], [25, 75]),
        ([100, None], [100, 0]),
        ([0, None], [0, 100]),
        ([0, 0], [100, 0]),
        ([150, None, 50], [75, 0, 25]),
        ([0.5, None], [0.5, 99.5]),
    ],
)
def test_calls_are_shared_out_by_weight(weights: list[float | None], shares: list[float]) -> None:
    counted = Counter(chosen(weights, call_id) for call_id in CALLS)
    for index, share in enumerate(shares):
        assert counted[index] / len(CALLS) * 100 == pytest.approx(share, abs=2.5)
        assert (counted[index] == 0) is (share == 0)


def test_a_call_always_draws_the_same_number() -> None:
    assert drawn("9b1c") == drawn("9b1c") == pytest.approx(76.23745, abs=1e-4)
    assert all(0 <= drawn(call_id) < 100 for call_id in ("", "\udcff", *CALLS[:100]))


def test_a_share_is_of_plans_that_match_equally_well() -> None:
    matcher = Matcher([plan("new", called="1*", weight=25), plan("old", called="1*"), plan("any")])
    taken = Counter(
        found.plan.name
        for call_id in CALLS
        if (found := matcher.match(CallKeys("12", call_id=call_id))) is not None
    )
    assert set(taken) == {"new", "old"}
    assert taken["new"] / len(CALLS) == pytest.approx(0.25, abs=0.025)


def test_an_explanation_tells_what_was_drawn() -> None:
    matcher = Matcher([plan("new", weight=80), plan("old")])
    texts = [each.text for each in matcher.explain(CallKeys("1", call_id="9b1c"))]
    assert texts == [
        'called "1" matches *; priority 0; weight 80, and the call drew 76.24',
        "would match as well as new, but that one's share was drawn; it has the rest",
    ]


def test_weights_keep_plans_from_shadowing_each_other() -> None:
    assert shadowing(plan("b", weight=5), [plan("a")]) == []
    assert shadowing(plan("b"), [plan("a", weight=5)]) == []
    assert shadowing(plan("b", weight=5), [plan("a", priority=1)]) == ["a"]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (["60", "50"], ["the weights of a, b add up to 110, and must not exceed 100"] * 2),
        (["60", "30"], ["the weights of a, b add up to 90, and nobody takes the rest"] * 2),
        (["60", "40"], []),
        (["60", ""], []),
    ],
)
def test_weights_must_add_up(
    write: Write,
    read: Read,
    minimal: Callable[[str], str],
    weights: list[str],
    expected: list[str],
) -> None:
    for name, weight in zip("ab", weights, strict=True):
        line = f"weight = {weight}\n" if weight else ""
        write(f"{name}.toml", f'{minimal(name)}[match]\ncalled = "1"\n{line}')
    found = [
        f"{name}.toml:9: match.weight: {text}" for name, text in zip("ab", expected, strict=False)
    ]
    assert read()[1] == found


def test_a_plan_that_weights_leave_nothing_is_pointed_out(
    write: Write, read: Read, minimal: Callable[[str], str]
) -> None:
    for name, weight in (("a", "weight = 60\n"), ("b", ""), ("c", "weight = 40\n")):
        write(f"{name}.toml", minimal(name) + f'[match]\ncalled = "1"\n{weight}')
    assert read()[1] == [
        "b.toml:8: match.called: warning: never takes a call: the weights of a, c add up to 100"
    ]


def test_a_weight_that_is_shared_with_nobody_is_pointed_out(
    write: Write, read: Read, minimal: Callable[[str], str]
) -> None:
    write("a.toml", minimal("a") + "[match]\nweight = 10\n")
    write("b.toml", minimal("b") + '[match]\ncalled = "1"\n')
    assert read()[1] == [
        "a.toml:8: match.weight: warning: means little: no other plan has the same conditions"
    ]


def test_a_default_is_asked_last_whatever_its_priority() -> None:
    plans = [plan("last", called="1", priority=9, default=True), plan("any", priority=-5)]
    matcher = Matcher(plans)
    assert [(each.plan, each.text) for each in matcher.explain(CallKeys("1"))] == [
        ("any", 'called "1" matches *; priority -5'),
        ("last", "would match, but it is a default, and any matches"),
    ]
    alone = Matcher(plans[:1]).explain(CallKeys("1"))
    assert alone[0].text == 'called "1" matches 1; it is a default'
    assert shadowing(plans[0], plans[1:]) == ["any"]
    assert shadowing(plans[1], plans[:1]) == []
