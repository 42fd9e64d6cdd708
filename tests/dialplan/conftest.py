"""A folder to put dialplans into."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.dialplan.loading import read_dir
from sipagent.dialplan.plans import PlanSet

Write = Callable[[str, str], Path]

MINIMAL = """
name = "{name}"

[[agents]]
name = "Reception"
instructions = "Be kind."
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file into the folder of the test."""

    def write_text(name: str, text: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write_text


@pytest.fixture
def read(tmp_path: Path) -> Callable[[], tuple[PlanSet, list[str]]]:
    """Read the folder of the test; findings as text, without the folder's name."""

    def read_folder() -> tuple[PlanSet, list[str]]:
        plans, findings = read_dir(tmp_path)
        return plans, [str(each).replace(f"{tmp_path}/", "") for each in findings]

    return read_folder


@pytest.fixture
def findings(
    write: Write, read: Callable[[], tuple[PlanSet, list[str]]]
) -> Callable[[str], list[str]]:
    """Return what is wrong with one plan."""

    def read_one(text: str) -> list[str]:
        write("plan.toml", text)
        return read()[1]

    return read_one


@pytest.fixture
def minimal() -> Callable[[str], str]:
    """Return the shortest plan with that name."""
    return lambda name: MINIMAL.format(name=name)
