"""Files that only grow, of an installed box: they are rotated."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from sipagent.ops.json_lines import append_line

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_what_only_grows_is_rotated() -> None:
    config = tomllib.loads((DEPLOY / "sipagent.toml").read_text())
    rotated = re.findall(r"^(/.*) \{$", (DEPLOY / "sipagent.logrotate").read_text(), re.MULTILINE)
    assert rotated == [f"{config['cdr']['path']} {config['audit']['path']}"]
    assert "timeline_path" not in config["cdr"]


def test_a_line_after_a_rotation_is_in_the_new_file(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    assert append_line(file, {"call_id": "a"})
    file.rename(tmp_path / "calls.jsonl.1")
    assert append_line(file, {"call_id": "b"})
    assert (tmp_path / "calls.jsonl.1").read_text() == '{"call_id":"a"}\n'
    assert file.read_text() == '{"call_id":"b"}\n'
