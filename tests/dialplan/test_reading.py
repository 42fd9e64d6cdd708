"""Reading plans from a copy: their names stay."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.audio.frames import silence
from sipagent.audio.wav import WavWriter
from sipagent.dialplan.copies import copy_folder
from sipagent.dialplan.loading import read_dir
from sipagent.dialplan.reading import place_of, reading_copy

Write = Callable[[str, str], Path]

PLAN = """
name = "desk"
[session]
apology_wav = "below/sorry.wav"
[[agents]]
name = "Ada"
instructions = "x"
tools = ["hours"]
[[tools]]
name = "hours"
python = "tools.py:hours"
[backend]
instructions = "y"
api_key_file = "../key"
"""


@pytest.fixture
def copied(write: Write, tmp_path: Path) -> tuple[Path, Path]:
    write("plans/desk.toml", PLAN.replace('tools = ["hours"]', 'tools = ["hours", "delegate"]'))
    write("plans/tools.py", 'def hours() -> str:\n    "When."\n    return __file__\n')
    write("key", "secret")
    (tmp_path / "plans/below").mkdir()
    wav = WavWriter(tmp_path / "plans/below/sorry.wav", 8_000, 1)
    wav.write(silence(160))
    wav.close()
    copy_folder(tmp_path / "plans", tmp_path / "copy")
    return tmp_path / "plans", tmp_path / "copy"


def test_a_copy_is_what_is_read_whatever_becomes_of_the_folder(
    copied: tuple[Path, Path],
) -> None:
    folder, copy = copied
    (folder / "desk.toml").write_text("not [ toml")
    (folder / "tools.py").unlink()
    (folder / "below/sorry.wav").unlink()
    (folder / "new.toml").write_text("not [ toml")
    with reading_copy(folder, copy):
        plans, findings = read_dir(folder)
    assert findings == []
    (plan,) = plans.plans
    assert plan.file == folder / "desk.toml"


def test_findings_and_modules_have_the_names_of_the_folder(copied: tuple[Path, Path]) -> None:
    folder, copy = copied
    (copy / "tools.py").write_text("\n1 / 0\n")
    (folder / "tools.py").write_text("")
    with reading_copy(folder, copy):
        _, findings = read_dir(folder)
    shown = [str(each) for each in findings]
    assert shown[-1] == f"{folder}/tools.py:2: ZeroDivisionError: division by zero"


def test_keys_are_never_copied_and_their_files_are_noted(copied: tuple[Path, Path]) -> None:
    folder, copy = copied
    with reading_copy(folder, copy) as reading:
        read_dir(folder)
        assert place_of(folder / "desk.toml") == copy / "desk.toml"
        assert place_of(folder / "token") == folder / "token"
    assert reading.others == {folder / "../key", folder / "token"}
    assert place_of(folder / "desk.toml") == folder / "desk.toml"


def test_plans_let_go_of_their_modules(copied: tuple[Path, Path]) -> None:
    folder, copy = copied
    with reading_copy(folder, copy):
        plans, _ = read_dir(folder)
    (plan,) = plans.plans
    assert set(plan.modules) <= set(sys.modules)
    plans.release()
    assert not set(plan.modules) & set(sys.modules)
