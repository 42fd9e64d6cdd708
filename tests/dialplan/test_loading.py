"""Folders of plans."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.loading import load_dir, read_dir
from sipagent.dialplan.models import BUILTIN_TOOLS
from sipagent.dialplan.plans import PlanSet
from sipagent.dialplan.session import SessionSettings
from sipagent.errors import DialplanError

Write = Callable[[str, str], Path]
Read = Callable[[], tuple[PlanSet, list[str]]]
Minimal = Callable[[str], str]

TOOL = '[[tools]]\nname = "f"\npython = "t.py:f"\n'


def test_a_folder_is_a_snapshot(write: Write, minimal: Minimal, tmp_path: Path) -> None:
    write("b.toml", minimal("b") + '[match]\ncalled = "2"\n')
    write("a.toml", minimal("a"))
    write("a.script.toml", "not [ toml")
    write(".hidden.toml", "not [ toml")
    write("notes.txt", "not [ toml")
    write("deeper/c.toml", "not [ toml")
    plans = load_dir(tmp_path, version=7)
    assert [plan.name for plan in plans.plans] == ["a", "b"]
    assert plans.version == 7
    taken = plans.take(CallKeys("2"))
    assert taken is plans.plan("b")
    assert [each.plan for each in plans.explain(CallKeys("2"))] == ["b", "a"]
    assert plans.plan("c") is None


def test_nobody_answers_when_no_plan_matches(
    write: Write, minimal: Minimal, tmp_path: Path
) -> None:
    write("b.toml", minimal("b") + '[match]\ncalled = "2"\n')
    assert load_dir(tmp_path).take(CallKeys("1")) is None


def test_all_errors_of_all_files_are_told_at_once(
    write: Write, minimal: Minimal, tmp_path: Path
) -> None:
    write("a.toml", minimal("a") + "[match]\npriority = 'x'\n[session]\nvocie = 1\n")
    write("b.toml", minimal("b") + 'tools = ["f", "g"]\n' + TOOL)
    write("t.py", "\n1 / 0\n")
    write("c.toml", "name = \n")
    write("d.toml", minimal("d"))
    with pytest.raises(DialplanError) as raised:
        load_dir(tmp_path)
    lines = str(raised.value).replace(f"{tmp_path}/", "").splitlines()
    assert raised.value.where == f"{tmp_path}/a.toml:8: match.priority"
    assert lines == [
        'a.toml:8: match.priority: must be a whole number, not "x"',
        'a.toml:10: session.vocie: unknown key (did you mean "voice"?); allowed: '
        + ", ".join(SessionSettings.model_fields),
        'b.toml:7: agents[0].tools[1]: there is no tool "g"; known: f, '
        + ", ".join(sorted(BUILTIN_TOOLS)),
        "b.toml:10: tools[0].python: t.py cannot be loaded",
        "c.toml:1: is not valid TOML: Invalid value (column 8)",
        "t.py:2: ZeroDivisionError: division by zero",
    ]


def test_plans_that_are_right_are_read_beside_broken_ones(
    write: Write, minimal: Minimal, read: Read
) -> None:
    write("a.toml", minimal("a"))
    write("b.toml", "name = \n")
    plans, findings = read()
    assert [plan.name for plan in plans.plans] == ["a"]
    assert len(findings) == 1


def test_what_is_no_folder_is_an_error(write: Write, tmp_path: Path) -> None:
    with pytest.raises(DialplanError, match="none: there is no such folder"):
        load_dir(tmp_path / "none")
    with pytest.raises(DialplanError, match="is not a folder"):
        load_dir(write("file", ""))


def test_an_empty_folder_is_pointed_out(read: Read, tmp_path: Path) -> None:
    assert load_dir(tmp_path).plans == ()
    assert read()[1] == [f"{tmp_path}: warning: has no dialplan: no call would be answered"]


def test_the_sha_is_that_of_everything_that_counts(
    write: Write, minimal: Minimal, tmp_path: Path
) -> None:
    write("a.toml", minimal("a") + 'tools = ["f"]\n' + TOOL)
    write("t.py", 'def f():\n  "f"')
    first = load_dir(tmp_path).sha
    write("notes.txt", "x")
    assert load_dir(tmp_path, version=2).sha == first
    write("t.py", 'def f():\n  "g"')
    second = load_dir(tmp_path).sha
    write("a.toml", minimal("aa") + 'tools = ["f"]\n' + TOOL)
    assert len({first, second, load_dir(tmp_path).sha}) == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**30) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)

CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def toml(value: object) -> str:
    match value:
        case None:
            return "{}"
        case bool():
            return str(value).lower()
        case str():
            return '"' + "".join(f"\\U{ord(each):08x}" for each in value) + '"'
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case _:
            return str(value)


KEYS = [
    "name",
    "match",
    "match.called",
    "match.header",
    "match.header.X",
    "match.priority",
    "session",
    "session.turn_detection",
    "session.turn_detection.threshold",
    "session.script",
    "recording.file_name",
    "agents",
    "tools",
    "junk",
]


@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(values=st.dictionaries(st.sampled_from(KEYS), JSON, min_size=1, max_size=4))
def test_wrong_types_are_never_a_traceback(tmp_path: Path, values: dict[str, object]) -> None:
    text = "".join(f"{key} = {toml(value)}\n" for key, value in values.items())
    (tmp_path / "p.toml").write_text(text, encoding="utf-8", newline="\n")
    plans, findings = read_dir(tmp_path)
    assert plans.plans == ()
    assert any(finding.is_error for finding in findings)
    assert all(str(finding.file) in str(finding) for finding in findings)
    with pytest.raises(DialplanError, match=r"p\.toml"):
        load_dir(tmp_path)


@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    cut=st.integers(0, 2_000),
    junk=st.binary(max_size=12),
    skip=st.integers(0, 40),
)
def test_a_plan_with_damage_is_read_or_refused(
    tmp_path: Path, cut: int, junk: bytes, skip: int
) -> None:
    source = Path("dialplans/front-desk.toml").read_bytes()
    (tmp_path / "p.toml").write_bytes(source[:cut] + junk + source[cut + skip :])
    plans, findings = read_dir(tmp_path)
    assert bool(plans.plans) is not any(finding.is_error for finding in findings)
