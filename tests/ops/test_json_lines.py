"""Lines of JSON in a file that processes share: whole, or lost and counted."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from sipagent.ops.json_lines import append_line

from .conftest import Value

LOST = "sipagent_records_lost_total"
WRITERS, LINES, LINE_CHARACTERS = 2, 400, 20_000

WRITER = f"""
import sys
from pathlib import Path
from sipagent.ops.json_lines import append_line
name = sys.argv[2]
print("here", flush=True)
sys.stdin.readline()
for number in range({LINES}):
    assert append_line(Path(sys.argv[1]), {{"n": number, "text": name * {LINE_CHARACTERS}}})
"""


def lines(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_lines_are_appended_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"n": 0}\n')
    assert append_line(path, {"n": 1, "text": "Grüße\n"})
    assert append_line(path, {"n": 2, "path": Path("x")})
    assert lines(path) == [{"n": 0}, {"n": 1, "text": "Grüße\n"}, {"n": 2, "path": "x"}]


def test_a_new_file_gets_its_folder_and_is_not_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "calls.jsonl"
    assert append_line(path, {})
    assert path.stat().st_mode & 0o007 == 0


def test_two_processes_at_once_never_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), "ab"[index]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for index in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"here\n"
    for writer in writers:  # both are loaded: they start together
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    written = lines(path)
    for name in "ab":
        own = [line for line in written if str(line["text"])[0] == name]
        assert [line["n"] for line in own] == list(range(LINES))
        assert {line["text"] for line in own} == {name * LINE_CHARACTERS}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/dev/full", "No space left on device"),
        ("/dev/null/calls.jsonl", "File exists"),
        ("/proc/calls.jsonl", "No such file or directory"),
    ],
)
def test_a_line_that_cannot_be_written_is_counted_and_logged(
    grown: Value, caplog: pytest.LogCaptureFixture, path: str, reason: str
) -> None:
    assert not append_line(Path(path), {"n": 1})
    assert grown(LOST) == 1
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert f"a line of {path} is lost" in record.message
    assert reason in record.message


def test_a_disk_that_fills_in_mid_line_loses_that_line(
    grown: Value, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    path = tmp_path / "calls.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        is_written = append_line(path, {"text": "x" * 2_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not is_written
    assert path.stat().st_size == 1_000
    assert grown(LOST) == 1
    assert "the disk is full" in caplog.text
    assert append_line(path, {"n": 2})
    assert path.read_bytes().endswith(b'x\n{"n":2}\n')


@pytest.mark.parametrize("content", [{"text": "half \ud83d"}, {"half \ud83d": 1}, {"n": 2**70}])
def test_what_is_no_text_or_a_huge_number_loses_no_line(
    tmp_path: Path, content: dict[str, object]
) -> None:
    path = tmp_path / "calls.jsonl"
    assert append_line(path, content)
    assert append_line(path, {"n": 3})
    assert [json.loads(line) for line in path.read_bytes().splitlines()] == [content, {"n": 3}]
