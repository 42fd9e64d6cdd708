"""Which plan takes a call."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.conditions import Conditions
from sipagent.dialplan.matching import Matcher
from sipagent.dialplan.models import Agent, Dialplan

AGENT = Agent(name="A", instructions="x")


def plan(name: str, **conditions: object) -> Dialplan:
    return Dialplan(name=name, match=Conditions.model_validate(conditions), agents=(AGENT,))


def taker(plans: list[Dialplan], called: str = "1", caller: str = "2", **headers: str) -> str:
    names = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    found = Matcher(plans).match(CallKeys(called, caller, names))
    return found.plan.name if found is not None else "nobody"


def test_a_plan_without_conditions_takes_every_call() -> None:
    assert taker([plan("p")], called="", caller="") == "p"


def test_nobody_takes_a_call_that_no_plan_wants() -> None:
    assert taker([plan("p", called="+49*")], called="+1") == "nobody"
    assert taker([]) == "nobody"


def test_the_higher_priority_comes_first_however_unspecific() -> None:
    plans = [plan("narrow", called="+4930123"), plan("wide", called="*", priority=1)]
    assert taker(plans, called="+4930123") == "wide"


@pytest.mark.parametrize(
    ("called", "expected"),
    [("+4930123", "number"), ("+4930", "city"), ("+491", "country"), ("x", "any")],
)
def test_the_most_specific_glob_wins_a_tie(called: str, expected: str) -> None:
    plans = [
        plan("any"),
        plan("country", called="+49*"),
        plan("city", called=["+4930*", "x-*"]),
        plan("number", called="+4930123"),
    ]
    assert taker(plans, called=called) == expected


def test_caller_decides_when_called_does_not() -> None:
    plans = [plan("all"), plan("vip", caller="+4917*")]
    assert taker(plans, caller="+49171") == "vip"
    assert taker(plans, caller="+4930") == "all"


def test_callers_without_a_number_can_be_matched() -> None:
    plans = [plan("all"), plan("withheld", caller=["", "anonymous"])]
    assert taker(plans, caller="") == "withheld"
    assert taker(plans, caller="Anonymous") == "withheld"
    assert taker(plans, caller="1") == "all"


def test_any_value_of_a_header_may_match_whatever_its_case() -> None:
    plans = [plan("all"), plan("sales", header={"x-queue": "sales*"})]
    keys = CallKeys("1", "2", (("X-Queue", "other"), ("X-QUEUE", "Sales-Berlin")))
    found = Matcher(plans).match(keys)
    assert found is not None
    assert found.plan.name == "sales"
    assert taker(plans, X_Queue="support") == "all"


def test_the_name_decides_between_equals() -> None:
    assert taker([plan("b"), plan("a"), plan("c")]) == "a"


def test_an_explanation_tells_of_every_plan_why_or_why_not() -> None:
    plans = [
        plan("any"),
        plan("city", priority=5, called="+4930*", header={"X-Queue": "[b-z]*"}),
        plan("country", called="+49*"),
        plan("vip", priority=9, caller="+4916*"),
        plan("queue", header={"X-Queue": "a*"}),
        plan("other", header={"X-Other": "a*"}),
    ]
    keys = CallKeys("+4930", "+4917", (("X-Queue", "b"),))
    behind = "would match, but city has priority 5 and it has 0"
    assert [(each.plan, each.text) for each in Matcher(plans).explain(keys)] == [
        ("city", 'called "+4930" matches +4930*, header X-Queue matches [b-z]*; priority 5'),
        ("country", behind),
        ("any", behind),
        ("other", "there is no header X-Other"),
        ("queue", 'header X-Queue "b" does not match a*'),
        ("vip", 'caller "+4917" matches none of +4916*'),
    ]


def reasons_of(plans: list[Dialplan], keys: CallKeys) -> dict[str, str]:
    return {each.plan: each.text for each in Matcher(plans).explain(keys)}


def test_an_explanation_names_what_was_decisive() -> None:
    plans = [plan("a"), plan("b"), plan("c", caller="1*"), plan("d", header={"X": "*"})]
    reasons = reasons_of(plans, CallKeys("9", "12", (("X", ""),)))
    assert reasons["c"].startswith('called "9" matches *, caller "12" matches 1*')
    assert reasons["d"] == "would match, but c is more specific about caller"
    plans = [plan("a"), plan("b"), plan("d", header={"X": "*"})]
    reasons = reasons_of(plans, CallKeys("9", "", (("X", ""),)))
    assert reasons["a"] == "would match, but d is more specific about the rest"
    reasons = reasons_of([plan("a"), plan("b")], CallKeys("9"))
    assert reasons["b"] == "would match as well as a, whose name comes first"


GLOBS = st.text(st.sampled_from("12+*?"), min_size=1, max_size=5)
NUMBERS = st.text(st.sampled_from("12+"), max_size=5)
CONDITIONS = st.fixed_dictionaries(
    {
        "called": st.lists(GLOBS, min_size=1, max_size=3),
        "caller": st.lists(GLOBS, min_size=1, max_size=2),
        "header": st.dictionaries(st.sampled_from(["X", "Y"]), GLOBS, max_size=2),
        "priority": st.integers(0, 2),
    },
    optional={"weight": st.sampled_from([0, 40, 100]), "default": st.booleans()},
)


@given(
    conditions=st.lists(CONDITIONS, max_size=6),
    called=NUMBERS,
    caller=NUMBERS,
    headers=st.lists(st.tuples(st.sampled_from(["x", "Y"]), NUMBERS), max_size=3),
    seed=st.integers(0, 999),
)
def test_the_answer_does_not_depend_on_the_order_of_plans(
    conditions: list[dict[str, object]],
    called: str,
    caller: str,
    headers: list[tuple[str, str]],
    seed: int,
) -> None:
    plans = [plan(f"p{index}", **each) for index, each in enumerate(conditions)]
    keys = CallKeys(called, caller, tuple(headers))
    shuffled = plans.copy()
    random.Random(seed).shuffle(shuffled)
    found = Matcher(plans).match(keys)
    assert Matcher(shuffled).match(keys) == found
    verdicts = Matcher(shuffled).explain(keys)
    assert verdicts == Matcher(plans).explain(keys)
    assert sorted(each.plan for each in verdicts) == sorted(each.name for each in plans)
    assert [each.plan for each in verdicts if each.is_taken] == ([found.plan.name] if found else [])
    if found is not None:
        assert verdicts[0].is_taken
        assert verdicts[0].text == found.why


def test_an_emergency_goes_to_no_plan_that_only_takes_everything() -> None:
    plans = [plan("all"), plan("named", called="112", priority=9)]
    keys = CallKeys("112", is_emergency=True)
    assert Matcher(plans).match(keys) is None
    assert {verdict.text for verdict in Matcher(plans).explain(keys)} == {
        'called "112" is an emergency, which needs match.emergency = true'
    }


def test_an_emergency_goes_to_the_plan_that_says_so() -> None:
    plans = [plan("all", priority=9), plan("rescue", emergency=True)]
    found = Matcher(plans).match(CallKeys("112", is_emergency=True))
    assert found is not None and found.plan.name == "rescue"
    assert taker(plans, called="112") == "all"


def test_who_stands_behind_the_caller_can_be_matched() -> None:
    plans = [
        plan("all", caller="2"),
        plan("known", caller="2", asserted_caller="+4930*"),
        plan("sent-on", caller="2", diverted_from=["+491", "+492"], asserted_caller="+4930*"),
    ]
    keys = CallKeys("1", "2", asserted_caller="+49301", diverted_from="+492")
    found = Matcher(plans).match(keys)
    assert found is not None and found.plan.name == "sent-on"
    assert found.why.endswith(
        'asserted_caller "+49301" matches +4930*, diverted_from "+492" matches +492; priority 0'
    )
    texts = {each.plan: each.text for each in Matcher(plans).explain(keys)}
    assert texts["known"] == "would match, but sent-on is more specific about the rest"
    texts = {each.plan: each.text for each in Matcher(plans).explain(CallKeys("1", "2"))}
    assert texts["known"] == 'asserted_caller "" matches none of +4930*'


def test_a_plan_may_take_the_calls_of_some_trunks_only() -> None:
    plans = [plan("all"), plan("both", trunk=["a", "b"]), plan("a", trunk="a", called="1")]
    takers = {
        trunk: found.plan.name
        if (found := Matcher(plans).match(CallKeys("1", trunk=trunk)))
        else ""
        for trunk in ("", "a", "b", "c")
    }
    assert takers == {"": "all", "a": "a", "b": "both", "c": "all"}


def test_why_a_trunk_decided() -> None:
    plans = [plan("all"), plan("pbx", trunk=["pbx"])]
    assert [each.text for each in Matcher(plans).explain(CallKeys("1", trunk="pbx"))] == [
        'called "1" matches *, it came through trunk "pbx"; priority 0',
        "would match, but pbx is more specific about trunk",
    ]
    assert Matcher(plans).explain(CallKeys("1", trunk="x"))[1].text == 'trunk "x" is none of pbx'
    assert Matcher(plans).explain(CallKeys("1"))[1].text == "it came through no trunk: none of pbx"
