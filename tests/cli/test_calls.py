"""``sipagent calls``: what the store has, on a terminal and in files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from sipagent.calls import facts
from sipagent.cli import app
from sipagent.errors import ConfigError, JournalError
from sipagent.ops.store.export import safe_cell
from tests.ops.script import CALL
from tests.ops.store.stores import BEGAN_MS, made, rows_of, write

EVIL = "=HYPERLINK(1)\x1b[2J\r\n@x"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "sipagent.toml"
    file.write_text("[http]\nport = 0\n", encoding="utf-8")
    return file


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    with made(f"sqlite:///{tmp_path}/sipagent.db") as engine:
        yield engine


@pytest.fixture
def calls(store: Engine) -> None:
    """Write a call in which everything happened, and a hostile one that goes on."""
    write(store, *rows_of("c1"))
    told: list[facts.Fact] = [
        facts.CallOffered("incoming", "s", EVIL, EVIL),
        facts.CallerSaid("i", EVIL),
        facts.AgentSaid("j", EVIL, EVIL, EVIL, 1, False),
    ]
    write(store, *rows_of("c2", told, began_ms=BEGAN_MS + 60_000))


def run(config: Path, *arguments: str) -> bytes:
    ended = CliRunner().invoke(app, ["calls", *arguments, "-c", str(config)])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.stdout_bytes


@pytest.mark.usefixtures("calls")
def test_calls_are_listed_newest_first_and_control_no_terminal(config: Path) -> None:
    newest, oldest = run(config, "list").decode().splitlines()
    assert "goes on" in newest and "c2" in newest
    assert "completed caller_hung_up" in oldest and "+4930123456 > +49301110" in oldest
    assert "\x1b" not in newest
    assert run(config, "list", "--plan", "night") == b""
    assert run(config, "list", "--text", "one TWO").count(b"\n") == 1
    assert run(config, "list", "--since", "2030-03-17T17:47+00:00").count(b"\n") == 1


@pytest.mark.usefixtures("calls")
def test_one_call_is_shown_with_its_transcript_or_whole(config: Path) -> None:
    text = run(config, "show", "c1").decode()
    assert "caller: My number is" in text
    assert "Billing: one -- (interrupted)" in text
    assert orjson.loads(run(config, "show", "c1", "--json"))["digits"] == "42"
    assert b"\x1b" not in run(config, "show", "c2")
    with pytest.raises(ConfigError, match="no call 'c9'"):
        run(config, "show", "c9")


@pytest.mark.usefixtures("calls")
def test_an_export_has_every_call_whole(config: Path, tmp_path: Path) -> None:
    lines = [orjson.loads(line) for line in run(config, "export").splitlines()]
    assert [call["call_id"] for call in lines] == ["c2", "c1"]
    assert len(lines[1]["turns"]) == 3
    run(config, "export", "--plan", "desk", "-o", str(tmp_path / "calls.jsonl"))
    assert orjson.loads((tmp_path / "calls.jsonl").read_bytes()) == lines[1]


@pytest.mark.usefixtures("calls")
def test_no_cell_of_a_csv_file_is_a_formula(config: Path) -> None:
    text = run(config, "export", "--format", "csv").decode()
    newest, oldest = csv.DictReader(io.StringIO(text, newline=""))
    assert newest["caller"] == f"'{EVIL}"
    assert oldest["caller"] == "'+4930123456"
    assert oldest["transcript"].splitlines()[0] == "Reception: Good morning."
    assert (oldest["duration_ms"], oldest["cost"]) == ("30000", "")
    cells = [cell for call in (newest, oldest) for cell in call.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(
    ("option", "word", "why"),
    [
        ("--result", "fail", '--result: there is no "fail" (did you mean "failed"?); known: comp'),
        ("--reason", "cutoff", '--reason: there is no "cutoff" (did you mean "cut_off"?); known: '),
    ],
)
def test_a_result_or_reason_that_there_is_not_finds_no_calls_and_says_so(
    config: Path, option: str, word: str, why: str
) -> None:
    for command in ("list", "export"):
        ended = CliRunner().invoke(app, ["calls", command, option, word, "-c", str(config)])
        assert isinstance(ended.exception, ConfigError)
        assert str(ended.exception).startswith(why)


@pytest.mark.parametrize("sign", [*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20"])
def test_no_sign_that_begins_a_formula_begins_a_cell(sign: str) -> None:
    assert safe_cell(f"{sign}cmd()") == f"'{sign}cmd()"
    assert safe_cell(f"a{sign}") == f"a{sign}"


def test_many_calls_are_exported_each_once(config: Path, store: Engine) -> None:
    end = CALL[-1]
    for number in range(450):  # more than two pages
        offered = facts.CallOffered("incoming", "s", "a", "b")
        write(store, *rows_of(f"c{number:03}", [offered, end], began_ms=BEGAN_MS + number // 7))
    lines = run(config, "export").splitlines()
    ids = [orjson.loads(line)["call_id"] for line in lines]
    assert len(set(ids)) == len(ids) == 450


def test_where_there_is_no_store_that_is_said(config: Path, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no store yet"):
        run(config, "list")
    (tmp_path / "sipagent.db").write_text("These are words, and no database at all. " * 50)
    with pytest.raises(JournalError, match="file is not a database"):
        run(config, "list")


def test_a_time_that_is_none_is_refused(config: Path) -> None:
    with pytest.raises(ConfigError, match='"yesterday" is no time: write 12h'):
        run(config, "list", "--since", "yesterday")
