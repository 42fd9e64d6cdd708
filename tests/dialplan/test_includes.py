"""Parts that plans share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.check import check_files
from sipagent.dialplan.loading import load_dir
from sipagent.dialplan.plans import PlanSet

Write = Callable[[str, str], Path]
Read = Callable[[], tuple[PlanSet, list[str]]]

PLAN = """name = "desk"
include = "shared/common.toml"

[session]
voice = "marin"

[limits]
silence_s = 9

[[agents]]
name = "Desk"
instructions = "You are the desk."
handoffs = ["Billing"]
tools = ["hours", "hangup"]
guardrails = ["polite"]
"""
COMMON = """
[session]
voice = "cedar"
greeting = "Greet."

[limits]
max_duration_s = 60
silence_s = 5

[[agents]]
name = "Billing"
instructions = "You are billing."

[[agents]]
name = "Spare"
instructions = "Nobody hands over to it here."

[[tools]]
name = "hours"
python = "shared/tools.py:hours"

[[tools]]
name = "unused"
python = "shared/tools.py:hours"

[[guardrails]]
name = "polite"
phrases = ["shut up"]
"""
TOOLS = 'def hours() -> str:\n    """Tell the hours."""\n    return "nine"\n'


@pytest.fixture
def common(write: Write) -> Callable[[str], None]:
    """Write the plan, its tools and the part."""

    def write_all(text: str) -> None:
        write("desk.toml", PLAN)
        write("shared/tools.py", TOOLS)
        write("shared/common.toml", text)

    return write_all


def test_a_plan_has_what_its_part_has_and_its_own_keys_win(
    common: Callable[[str], None], read: Read
) -> None:
    common(COMMON)
    plans, found = read()
    assert found == []
    (plan,) = plans.plans
    assert [agent.name for agent in plan.dialplan.agents] == ["Desk", "Billing", "Spare"]
    assert (plan.dialplan.session.voice, plan.dialplan.session.greeting) == ("marin", "Greet.")
    limits = plan.dialplan.limits
    assert (limits.silence_s, limits.max_duration_s) == (9, 60)
    assert set(plan.tools) == {"hours", "unused"}
    assert set(plan.guardrails) == {"polite"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('greeting = "Greet."', "greeting = 1", ":4: session.greeting: must be text in quotes"),
        ("silence_s = 5", "silense_s = 5", ':8: limits.silense_s: unknown key (did you mean "sil'),
        ('name = "Billing"', "", ":10: agents[0].name: is missing"),
        ('"You are billing."', '"Be."\nhandoffs = ["No"]', ":13: agents[0].handoffs[0]: there is"),
        ('s.py:hours"\n\n[[tools]]', 's.py:h"\n\n[[tools]]', ":20: tools[0].python: shared/tools"),
        ('greeting = "Greet."', "greeting = ", ":4: is not valid TOML: Invalid value (column 12)"),
        ('\n[session]\nvoice = "cedar"', 'name = "x"\n[session]', ":1: name: belongs into a plan"),
        (
            "max_duration_s = 60",
            "warn_before_s = 60\nmax_duration_s = 60",
            ":7: limits.warn_before",
        ),
        ("\n[session]", "include = '../x.toml'\n[session]", ":1: include: must name a file beside"),
    ],
)
def test_what_is_wrong_with_a_part_is_found_in_its_file(
    common: Callable[[str], None], read: Read, old: str, new: str, expected: str
) -> None:
    assert old in COMMON
    common(COMMON.replace(old, new, 1))
    found = [each for each in read()[1] if each.startswith("shared/")]
    assert len(found) == 1
    assert found[0].startswith(f"shared/common.toml{expected}")


def test_what_is_wrong_with_the_plan_is_found_on_its_own_line(
    common: Callable[[str], None], write: Write, read: Read
) -> None:
    common(COMMON)
    write("desk.toml", PLAN.replace('"Billing"', '"Biling"'))
    assert read()[1] == [
        'desk.toml:13: agents[0].handoffs[0]: there is no agent "Biling" (did you mean "Billing"?)'
        "; known: Desk, Billing, Spare"
    ]


def test_a_name_that_both_have_is_told_with_both_places(
    common: Callable[[str], None], write: Write, read: Read, tmp_path: Path
) -> None:
    common(COMMON.replace('"Spare"', '"Desk"'))
    assert read()[1] == [
        "shared/common.toml:15: agents[1].name: is the name of the agent at desk.toml:11 already"
    ]
    common(COMMON.replace('"Spare"', '"Billing"'))
    assert read()[1] == [
        "shared/common.toml:15: agents[1].name: is the name of the agent on line 11 already"
    ]


def test_the_part_named_first_wins_over_the_second(
    write: Write, minimal: Callable[[str], str]
) -> None:
    file = write("p.toml", 'include = ["a.part.toml", "b.part.toml"]\n' + minimal("p"))
    write("a.part.toml", "[limits]\nsilence_s = 1\n")
    write("b.part.toml", "[limits]\nsilence_s = 2\nmax_duration_s = 2\n")
    (plan,) = load_dir(file.parent).plans
    assert (plan.dialplan.limits.silence_s, plan.dialplan.limits.max_duration_s) == (1, 2)


def test_parts_have_parts_and_each_is_read_once(
    write: Write, minimal: Callable[[str], str]
) -> None:
    file = write("p.toml", 'include = ["s/a.toml", "s/b.toml"]\n' + minimal("p"))
    write("s/a.toml", 'include = "deep/c.toml"\n[limits]\nsilence_s = 1\n')
    write("s/b.toml", 'include = "deep/c.toml"\n')
    agent = '[[agents]]\nname = "Deep"\ninstructions = "x"\n'
    write("s/deep/c.toml", f"[limits]\nsilence_s = 3\nmax_duration_s = 3\n{agent}")
    (plan,) = load_dir(file.parent).plans
    assert [agent.name for agent in plan.dialplan.agents] == ["Reception", "Deep"]
    assert (plan.dialplan.limits.silence_s, plan.dialplan.limits.max_duration_s) == (1, 3)


def test_circles_are_told(write: Write, read: Read, minimal: Callable[[str], str]) -> None:
    write("p.toml", 'include = "a.part.toml"\n' + minimal("p"))
    write("a.part.toml", 'include = ["b.part.toml"]\n')
    write("b.part.toml", '\ninclude = ["a.part.toml"]\n')
    assert read()[1] == [
        "b.part.toml:2: include[0]: goes round in circles: a.part.toml > b.part.toml > a.part.toml"
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("other.toml", "p.toml:1: include: must be in a folder below, or end in .part.toml"),
        ("/etc/x.part.toml", "p.toml:1: include: must name a file beside this one"),
        ("s/../../x.toml", "p.toml:1: include: must name a file beside this one"),
        ("s/x.py", "p.toml:1: include: must be in a folder below, or end in .part.toml"),
        ("s/none.toml", "p.toml:1: include: s/none.toml cannot be included"),
    ],
)
def test_what_cannot_be_included_is_told(
    write: Write, read: Read, minimal: Callable[[str], str], name: str, expected: str
) -> None:
    write("p.toml", f'include = "{name}"\n' + minimal("p"))
    assert read()[1][0].startswith(expected)


def test_a_part_that_no_plan_includes_is_pointed_out(
    write: Write, read: Read, minimal: Callable[[str], str]
) -> None:
    write("p.toml", minimal("p"))
    file = write("x.part.toml", "nonsense = 1\n")
    assert read()[1] == ["x.part.toml: warning: is a part that no plan includes"]
    (finding,) = check_files([file])
    assert finding.text.startswith("is a part: check the plans")


def test_the_sha_covers_parts(common: Callable[[str], None], tmp_path: Path) -> None:
    common(COMMON)
    first = load_dir(tmp_path).sha
    common(COMMON.replace("You are billing.", "You are the billing desk."))
    assert load_dir(tmp_path).sha != first
    common(COMMON)
    assert load_dir(tmp_path).sha == first
