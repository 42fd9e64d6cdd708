"""The page of the text agents: what it names is there, and what is there it names."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import sipagent.agents.backend as public
from sipagent.agents.backend import Agent, Runner, RunStream
from sipagent.agents.backend.events import RunEvent
from sipagent.agents.backend.items import EVENT_NAMES
from sipagent.agents.backend.transports.options import TransportOptions
from sipagent.agents.backend.transports.provider import OpenAIProvider, Transport
from sipagent.dialplan.loading import read_dir

from .examples import EXAMPLES

PAGE = Path("docs/backend-agents.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TABLE = PAGE[PAGE.index("| streaming guide | here | test |") :].splitlines()[2:]


def first_cells() -> set[str]:
    """Return every name in the first cell of a row of any table."""
    cells = re.findall(r"^\| ([^|]*) \|", PAGE, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)", cell)}


def lines(text: str) -> str:
    """Return ``text`` without indentation, which differs between a page and a program."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def default_of(function: Callable[..., Any], name: str) -> Any:
    """Return what an argument is that is not given."""
    return inspect.signature(function).parameters[name].default


def test_every_row_names_a_test_that_exists() -> None:
    assert len(TABLE) > 100
    for row in TABLE:
        named = re.fullmatch(r"\| [^|]+ \| [^|]+ \| `(tests/[\w/]+\.py)::(\w+)` \|", row)
        assert named is not None, row
        tree = ast.parse(Path(named[1]).read_text(encoding="utf-8"))
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        tests = {each.name for each in tree.body if isinstance(each, functions)}
        assert named[2] in tests, row


def test_every_event_is_on_the_page_by_class_and_type() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+_stream_event)` \|", PAGE, re.MULTILINE)
    events = {
        each.__name__: get_args(get_type_hints(each)["type"])[0] for each in get_args(RunEvent)
    }
    assert dict(rows) == events


def test_every_item_is_on_the_page_by_name_and_type() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+_item)` \|", PAGE, re.MULTILINE)
    assert {kind: name for name, kind in rows} == EVENT_NAMES


def test_every_field_of_an_agent_and_every_limit_is_on_the_page() -> None:
    declared = [field.name for kind in (Agent, TransportOptions) for field in fields(kind)]
    assert [name for name in declared if name not in first_cells()] == []


@pytest.mark.parametrize("function", [Runner, Runner.run, OpenAIProvider])
def test_every_argument_is_on_the_page(function: Callable[..., Any]) -> None:
    explained = {"self", "provider", "agent", "input"}  # in the text
    names = set(inspect.signature(function).parameters) - explained
    assert names - first_cells() == set()


def test_what_a_run_can_do_is_on_the_page() -> None:
    for_the_run = {"cancel_mode", "begin", "tell", "end", "was_stopped"}
    held = {name for name in vars(RunStream) if not name.startswith("_")} - for_the_run
    told = re.findall(r"`(\w+)", PAGE)
    assert held - set(told) == set()


def test_every_transport_is_on_the_page() -> None:
    table = PAGE[PAGE.index("| `transport` | what it is |") :].split("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)[1:]) == get_args(Transport)


@pytest.mark.parametrize("field", fields(TransportOptions), ids=lambda field: str(field.name))
def test_the_limits_on_the_page_are_the_defaults(field: Any) -> None:
    row = re.search(rf"^\| [^|]*`{field.name}`[^|]* \| ([\d, ]+) \|", PAGE, re.MULTILINE)
    assert row is not None
    assert {float(each) for each in row[1].split(",")} == {field.default}


@pytest.mark.parametrize(
    ("function", "name"), [(Runner.run, "max_turns"), (Runner, "tool_not_found_behavior")]
)
def test_a_default_on_the_page_is_the_default(function: Callable[..., Any], name: str) -> None:
    row = re.search(rf"^\| `{name}` \| `?(\w+)`? \|", PAGE, re.MULTILINE)
    assert row is not None
    assert row[1] == str(default_of(function, name))


def test_what_the_page_shows_is_part_of_a_program_that_is_run() -> None:
    programs = [lines(path.read_text("utf-8")) for path in EXAMPLES.glob("backend_*.py")]
    _, *excerpts = map(lines, BLOCKS)
    assert len(excerpts) > 10
    assert [each for each in excerpts if not any(each in program for program in programs)] == []


def test_every_example_is_linked() -> None:
    linked = set(re.findall(r"\]\(examples/(\w+\.py)\)", PAGE))
    assert linked == {path.name for path in EXAMPLES.glob("backend_*.py")}


def test_every_link_leads_somewhere() -> None:
    for path, anchor in re.findall(r"\]\(([^)#]*)(?:#([\w-]*))?\)", PAGE):
        target = Path("docs", path) if path else Path("docs/backend-agents.md")
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Return what headings of a page are linked by."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_class_that_is_named_can_be_imported() -> None:
    exec(BLOCKS[0])
    named = {name for name in re.findall(r"`([A-Z]\w+)(?:\([^`]*\))?`", PAGE) if not name.isupper()}
    assert len(named) > 20
    elsewhere = {"ConfigError", "SessionStore", "Authorization"}  # of the project, and of HTTP
    assert sorted(named - set(dir(public)) - elsewhere) == []


def test_the_plan_on_the_page_is_one(tmp_path: Path) -> None:
    plan = re.search(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert plan is not None
    (tmp_path / "returns.toml").write_text(plan[1], encoding="utf-8")
    plans, findings = read_dir(tmp_path)
    assert (len(plans.plans), findings) == (1, [])


def test_the_page_is_in_the_list_of_pages() -> None:
    assert "(docs/backend-agents.md)" in Path("README.md").read_text(encoding="utf-8")
