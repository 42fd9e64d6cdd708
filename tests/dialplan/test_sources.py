"""Networks that a plan takes calls from."""

import pytest

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.matching import Matcher
from sipagent.dialplan.models import Agent, Dialplan
from sipagent.dialplan.routes import shadowing


def plan(name: str, **conditions: object) -> Dialplan:
    agent = Agent(name="A", instructions="x")
    return Dialplan.model_validate({"name": name, "match": conditions, "agents": [agent]})


PLANS = [
    plan("any"),
    plan("net", source="203.0.113.0/24"),
    plan("host", source=["203.0.113.7", "2001:db8::/32"]),
]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", "host"),
        ("203.0.113.8", "net"),
        ("::ffff:203.0.113.8", "net"),
        ("2001:db8::1", "host"),
        ("203.0.114.1", "any"),
        ("", "any"),
        ("box.example", "any"),
    ],
)
def test_the_narrower_network_comes_first(address: str, expected: str) -> None:
    found = Matcher(PLANS).match(CallKeys("1", source_address=address))
    assert found is not None and found.plan.name == expected


def test_an_explanation_names_the_network() -> None:
    matcher = Matcher(PLANS)
    texts = {e.plan: e.text for e in matcher.explain(CallKeys("1", source_address="203.0.113.8"))}
    assert texts["net"].startswith('called "1" matches *, source 203.0.113.8 is in 203.0.113.0/24')
    assert texts["host"] == "source 203.0.113.8 is in none of 203.0.113.7/32, 2001:db8::/32"
    assert texts["any"] == "would match, but net is more specific about source"
    texts = {each.plan: each.text for each in matcher.explain(CallKeys("1"))}
    assert texts["net"] == "an unknown source is in none of 203.0.113.0/24"


def test_a_narrower_network_is_shadowed_by_a_wider_one_and_not_the_other_way_round() -> None:
    narrow = plan("narrow", source="203.0.113.0/25")
    assert shadowing(narrow, [plan("wide", source="203.0.113.0/24", priority=1)]) == ["wide"]
    assert shadowing(plan("wide", source="203.0.0.0/16"), [narrow]) == []
    assert shadowing(plan("any"), [plan("net", source="0.0.0.0/0", priority=1)]) == []
    assert shadowing(plan("six", source="::/0"), [plan("f", source="0.0.0.0/0", priority=1)]) == []


@pytest.mark.parametrize("text", ["203.0.113.0/33", "box.example", "", "203.0.113"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a network or address"):
        plan("p", source=text)
