"""Python functions beside a plan."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.agents.tools import FunctionTool, ToolContext
from sipagent.dialplan import patience
from sipagent.dialplan.python_tools import PythonFiles, ToolProblem, release
from sipagent.dialplan.tools import Tool

Write = Callable[[str, str], Path]

CONTEXT = ToolContext(context=None, tool_call_id="t1", agent_name="A")

DOUBLE = '''
"""Tools."""
from __future__ import annotations

from dataclasses import dataclass

COUNT = []

@dataclass
class Answer:
    value: int

def double(number: int, label: str = "x") -> str:
    """Double a number."""
    COUNT.append(number)
    return f"{label}{Answer(2 * number).value} ({len(COUNT)})"

async def later(context: ToolContext, number: int) -> str:
    """Do it later."""
    return context.agent_name * number

from sipagent.agents.tools import ToolContext
'''


def load(plan_file: Path, python: str, **fields: object) -> FunctionTool | ToolProblem:
    tool = Tool.model_validate({"name": "it", "python": python, **fields})
    return PythonFiles(plan_file).load(tool)


def loaded(plan_file: Path, python: str, **fields: object) -> FunctionTool:
    tool = load(plan_file, python, **fields)
    assert isinstance(tool, FunctionTool), tool
    return tool


def problem(plan_file: Path, python: str) -> list[str]:
    found = load(plan_file, python)
    assert isinstance(found, ToolProblem)
    where = str(found.place).removeprefix(f"{plan_file.parent}/")
    return [found.text, *([where] if found.place else [])]


async def test_a_function_becomes_a_tool(write: Write, tmp_path: Path) -> None:
    write("lib/double.py", DOUBLE)
    tool = loaded(tmp_path / "p.toml", "lib/double.py:double", timeout_s=3)
    assert (tool.name, tool.description, tool.timeout_s) == ("it", "Double a number.", 3)
    assert tool.parameters["required"] == ["number"]
    outcome = await tool.run(CONTEXT, '{"number": 21, "label": "= "}')
    assert outcome.output == "= 42 (1)"


async def test_a_function_may_be_async_and_take_the_context(write: Write, tmp_path: Path) -> None:
    write("double.py", DOUBLE)
    tool = loaded(tmp_path / "p.toml", "double.py:later", description="Own words.")
    assert tool.description == "Own words."
    assert (await tool.run(CONTEXT, '{"number": 3}')).output == "AAA"


async def test_plans_do_not_share_modules(write: Write, tmp_path: Path) -> None:
    write("double.py", DOUBLE)
    other = write("other/double.py", DOUBLE).parent
    plans = [tmp_path / "p.toml", tmp_path / "q.toml", other / "p.toml"]
    tools = [loaded(plan, "double.py:double") for plan in plans]
    outcomes = await asyncio.gather(*(tool.run(CONTEXT, '{"number": 1}') for tool in tools))
    assert [outcome.output for outcome in outcomes] == ["x2 (1)"] * 3
    assert "double" not in sys.modules


async def test_tools_of_one_plan_share_a_module(write: Write, tmp_path: Path) -> None:
    write("double.py", DOUBLE)
    files = PythonFiles(tmp_path / "p.toml")
    first = files.load(Tool(name="a", python="double.py:double"))
    second = files.load(Tool(name="b", python="double.py:double"))
    assert isinstance(first, FunctionTool)
    assert isinstance(second, FunctionTool)
    await first.run(CONTEXT, '{"number": 1}')
    assert (await second.run(CONTEXT, '{"number": 1}')).output == "x2 (2)"
    assert list(files.sources) == ["double.py"]


async def test_a_reload_leaves_functions_in_use_as_they_are(write: Write, tmp_path: Path) -> None:
    write("double.py", DOUBLE)
    old = loaded(tmp_path / "p.toml", "double.py:double")
    modules = set(sys.modules)
    write("double.py", DOUBLE.replace("2 * number", "3 * number"))
    files = PythonFiles(tmp_path / "p.toml")
    new = files.load(Tool(name="tool", python="double.py:double"))
    assert isinstance(new, FunctionTool)
    write("double.py", "1 / 0")
    problem(tmp_path / "p.toml", "double.py:double")
    assert set(sys.modules) - modules == set(files.modules)
    release(files.modules)
    assert (await old.run(CONTEXT, '{"number": 1}')).output == "x2 (1)"
    assert (await new.run(CONTEXT, '{"number": 1}')).output == "x3 (1)"
    assert set(sys.modules) == modules


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("\n\nimport nothing_of_that_name", "t.py:3: ModuleNotFoundError: No module named"),
        ("def f(:\n  pass", "t.py:1: SyntaxError: "),
        ("x = '''\n", "t.py:1: SyntaxError: "),
        ("def g():\n  raise KeyError('k')\n\ng()", "t.py:2: KeyError: 'k'"),
        ("import json\n\njson.loads('{')", "t.py:3: json.decoder.JSONDecodeError: Expecting"),
        ("import sys\nsys.exit('enough')", "t.py:2: SystemExit: enough"),
        ("\0", "t.py: "),
        ("# coding: nonsense\n", "t.py: SyntaxError: "),
        ("raise RuntimeError('one\\ntwo')", "t.py:1: "),
        ("def f(): f()\nf()", "t.py:1: RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_a_file_that_fails_is_named_with_the_line(
    write: Write, tmp_path: Path, source: str, expected: str
) -> None:
    write("t.py", source)
    before = set(sys.modules)
    text, place = problem(tmp_path / "p.toml", "t.py:f")
    assert text == "t.py cannot be loaded"
    assert place.startswith(expected)
    assert "\n" not in place
    assert not {name for name in set(sys.modules) - before if "plan" in name}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def open_hours(): ...", 't.py has no function hours (did you mean "open_hours"?)'),
        ("hours = 5", "hours in t.py is not a function"),
        ("class hours: ...", "hours in t.py is not a function"),
        ("def hours(): ...", "t.py:hours has no docstring and the tool no description"),
        ("def hours(x):\n  'x'", "t.py:hours cannot be a tool: TypeError: tool hours: x has no"),
        ("def hours(*x: int):\n  'x'", "t.py:hours cannot be a tool: TypeError: tool hours: *x"),
        ("def hours(x: 'Nope'):\n  'x'", "t.py:hours cannot be a tool: NameError: name 'Nope'"),
        ("def hours(x: object()):\n  'x'", "t.py:hours cannot be a tool: "),
    ],
)
def test_a_function_that_cannot_be_a_tool_is_named(
    write: Write, tmp_path: Path, source: str, expected: str
) -> None:
    write("t.py", source)
    (text,) = problem(tmp_path / "p.toml", "t.py:hours")
    assert text.startswith(expected)


def test_loading_leaves_no_bytecode_behind(write: Write, tmp_path: Path) -> None:
    write("double.py", DOUBLE)
    loaded(tmp_path / "p.toml", "double.py:double")
    assert [path.name for path in tmp_path.iterdir()] == ["double.py"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert problem(tmp_path / "p.toml", "none.py:f") == ["none.py does not exist"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import time\ntime.sleep(60)\n", 2),
        ("while True:\n    pass\n", None),
        ("import time\ntry:\n    time.sleep(60)\nexcept TimeoutError:\n    time.sleep(60)\n", 5),
    ],
)
def test_a_file_that_hangs_is_named_with_its_line(
    write: Write, monkeypatch: pytest.MonkeyPatch, text: str, line: int | None
) -> None:
    monkeypatch.setattr(patience, "LOAD_LIMIT_S", 0.02)
    monkeypatch.setattr(patience, "AGAIN_S", 0.02)
    handler, (left_s, _) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    write("plan/t.py", text)
    why, where = problem(write("plan/p.toml", ""), "t.py:f")
    assert why == "t.py cannot be loaded"
    assert "TimeoutError: still goes on after 0.02 s" in where
    assert line is None or where.startswith(f"t.py:{line}:")
    assert signal.getsignal(signal.SIGALRM) is handler
    assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0) is (left_s > 0)


def test_other_threads_have_no_limit(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LOAD_LIMIT_S", 0.01)
    write("plan/t.py", f"{DOUBLE}\nimport time\ntime.sleep(0.05)\n")
    plan_file = write("plan/p.toml", "")
    made = asyncio.run(asyncio.to_thread(loaded, plan_file, "t.py:double"))
    assert made.name == "it"
