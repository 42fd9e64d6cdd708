"""Variables that are misspelt."""

from collections.abc import Callable

import pytest

from sipagent.calls.call_words import call_words, own_words
from sipagent.dialplan.variables import CALL_VARIABLES
from tests.calls.leg import INVITE

PLAN = """name = "p"
[session]
greeting = "Greet {{%s}}."
[[agents]]
name = "A"
instructions = "You talk to {{caller}} about {{order}} on {{header:X-Day}}."
"""


@pytest.mark.parametrize(
    ("name", "meant"),
    [("calller", "caller"), ("Caller", "caller"), ("caller_nam", "caller_name"), ("dates", "date")],
)
def test_what_is_nearly_a_variable_is_pointed_out(
    findings: Callable[[str], list[str]], name: str, meant: str
) -> None:
    assert findings(PLAN % name) == [
        f"plan.toml:3: session.greeting: warning: {{{{{name}}}}} is nothing that every call has "
        f'(did you mean "{meant}"?)'
    ]


@pytest.mark.parametrize("name", ["name", "day", "customer", "order_id", "time"])
def test_variables_of_whoever_asks_for_a_call_are_left_alone(
    findings: Callable[[str], list[str]], name: str
) -> None:
    assert findings(PLAN % name) == []


def test_the_variables_that_every_call_has_are_known() -> None:
    words = {**call_words(INVITE), **own_words("p", "A", "", 0.0)}
    assert {name for name in words if not name.startswith("header:")} == set(CALL_VARIABLES)
