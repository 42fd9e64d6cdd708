"""The page of the realtime session: what it names is there, and what is there it names."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

import sipagent.realtime as public
from sipagent.realtime import (
    Endpoint,
    RealtimeAgent,
    RotationSettings,
    SessionEvent,
    SessionOptions,
)

from .examples import EXAMPLES

PAGE = Path("docs/realtime.md").read_text(encoding="utf-8")
PUBLIC = Path(public.__file__ or "").read_text(encoding="utf-8")


def first_cells() -> set[str]:
    """Return every name in the first cell of a row of any table."""
    cells = re.findall(r"^\| ([^|]*) \|", PAGE, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def lines(text: str) -> str:
    """Return ``text`` without indentation, which differs between a page and a program."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"^\|.*\| `(tests/[\w/]+\.py)::(\w+)` \|$", PAGE, re.MULTILINE)
    assert len(named) > 70
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not Path(path).is_file()
        or not re.search(rf"^(async )?def {test}\(", Path(path).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_row_about_a_feature_names_its_test() -> None:
    table = PAGE[PAGE.index("| feature | here | test |") :].splitlines()[2:]
    assert [row for row in table if "::test_" not in row] == []


def test_every_event_is_on_the_page_by_name_and_class() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([A-Z][a-z]\w+)` \| [^|]+ \|$", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted((each.NAME, each.__name__) for each in get_args(SessionEvent))


@pytest.mark.parametrize("options", [Endpoint, SessionOptions, RealtimeAgent, RotationSettings])
def test_every_option_is_on_the_page(options: Any) -> None:
    named = first_cells()
    assert [field.name for field in fields(options) if field.name not in named] == []


def test_what_the_page_shows_is_part_of_a_program_that_is_run() -> None:
    programs = [lines(path.read_text("utf-8")) for path in EXAMPLES.glob("*.py")]
    shown = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    imports, *excerpts = map(lines, shown)
    assert len(excerpts) > 12
    assert [each for each in excerpts if not any(each in program for program in programs)] == []
    exec(imports)


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[\w-]*)?\)", PAGE)
    assert [link for link in links if not Path("docs", link).exists()] == []


def test_every_class_that_is_told_or_taken_is_public() -> None:
    told = {each.__name__ for each in get_args(SessionEvent)}
    assert told <= set(dir(public))
    named = re.findall(r"`([A-Z]\w+)(?:\(\))?`", PAGE)
    ours = {name for name in named if not name.isupper()}
    assert sorted(ours - set(dir(public))) == []


def test_every_public_name_is_what_type_checkers_take_it_for() -> None:
    declared = re.findall(r"^    from ([.\w]+) import (\w+) as \2$", PUBLIC, re.MULTILINE)
    homes = {name: module for module, name in declared}
    assert len(homes) > 90
    for name, module in homes.items():
        path = f"sipagent.realtime{module}" if module.startswith(".") else module
        assert getattr(public, name) is getattr(sys.modules[path], name)
    listed = {name for names in public._NAMES.values() for name in names.split()}
    assert listed == set(homes)


def test_a_name_that_is_not_public_is_missed_by_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = public.nonsense


def test_settings_are_read_without_a_session() -> None:
    code = (
        "import sys, sipagent.realtime.settings; "
        "print([name for name in sys.modules if name == 'websockets' or 'session' in name])"
    )
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told == "[]\n"
