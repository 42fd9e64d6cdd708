"""Log lines, for people and for machines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextvars import copy_context
from typing import Literal

import orjson
import pytest

from sipagent.call_context import CALL_ID
from sipagent.ops.logs import JsonFormatter, set_up_logging
from sipagent.redaction import HIDDEN, REDACTION

log = logging.getLogger("sipagent.tests")


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    quiet = {name: logging.getLogger(name).level for name in ("websockets", "asyncio")}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, each in quiet.items():
        logging.getLogger(name).setLevel(each)


def formatted(message: str, *arguments: object, failing: bool = False) -> str:
    failure = None
    if failing:
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            failure = sys.exc_info()
    record = logging.LogRecord(
        "sipagent.calls", logging.WARNING, __file__, 1, message, arguments, failure
    )
    record.created = 0.25
    return JsonFormatter().format(record)


def test_a_json_line_has_time_level_logger_and_message() -> None:
    assert orjson.loads(formatted("ended %s", "so")) == {
        "at": "1970-01-01T00:00:00.250+00:00",
        "level": "warning",
        "logger": "sipagent.calls",
        "message": "ended so",
    }


def test_a_call_is_named_by_its_message_or_by_the_code_that_runs() -> None:
    named = orjson.loads(formatted("call=%s = ended", "c1"))
    assert (named["call_id"], named["message"]) == ("c1", "= ended")

    def of_a_call() -> None:
        CALL_ID.set("c2")
        told = orjson.loads(formatted("tool %s ! timed out", "slow"))
        assert (told["call_id"], told["message"]) == ("c2", "tool slow ! timed out")

    copy_context().run(of_a_call)
    assert "call_id" not in orjson.loads(formatted("tool slow ! timed out"))


def test_a_line_for_people_names_the_call_and_is_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("info", "human")

    def of_a_call() -> None:
        CALL_ID.set("c2")
        log.info("tool %s", "a\nINFO sipagent: forged \x1b[31m\u202e")

    copy_context().run(of_a_call)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r"call=c2 tool a\nINFO sipagent: forged \x1b[31m\u202e")


@pytest.mark.parametrize("style", ["human", "json"])
def test_telephone_numbers_are_not_whole(
    style: Literal["human", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("info", style)
    log.info("call=c1 ! no plan takes sip:+4930123456@host, called by +49171234567")
    line = capsys.readouterr().err
    assert "sip:+4930123***@host" in line
    assert "+49171234***" in line


def test_what_an_exception_says_is_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("info", "human")
    try:
        raise ValueError("a\n12:00:00.000 INFO    sipagent: forged \x1b[31m\r\u202e")
    except ValueError:
        log.exception("! oops")
    first, *others = capsys.readouterr().err.splitlines()
    assert first.endswith("! oops")
    assert all(line.startswith("  ") and line.isprintable() for line in others)
    assert others[-1].endswith(r"forged \x1b[31m\r\u202e")


def test_an_exception_is_part_of_the_same_line() -> None:
    line = formatted("oops", failing=True)
    assert len(line.splitlines()) == 1
    assert "ValueError: first\nsecond" in orjson.loads(line)["exception"]


@pytest.mark.parametrize("text", ["two\nlines", "tab\tand\x00", "\u2028", "Grüße", "half \ud83d"])
def test_whatever_the_message_holds_it_is_one_line(text: str) -> None:
    line = formatted("%s", text)
    assert len(line.splitlines()) == 1
    assert line.isascii()
    if text.isascii() or text.isprintable():
        assert orjson.loads(line)["message"] == text


@pytest.mark.parametrize("style", ["human", "json"])
def test_lines_go_to_standard_error_from_the_wanted_level_on(
    capsys: pytest.CaptureFixture[str], style: str
) -> None:
    set_up_logging("warning", "json" if style == "json" else "human")
    log.info("unheard")
    log.warning("heard %d", 1)
    logging.getLogger("websockets").info("chatter")
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert captured.out == ""
    if style == "json":
        assert orjson.loads(line)["message"] == "heard 1"
    else:
        assert line.endswith("WARNING sipagent.tests: heard 1")


def test_libraries_chatter_stays_out_at_every_level(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("debug", "human")
    logging.getLogger("websockets").info("chatter")
    log.debug("ours")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("ours")


@pytest.mark.parametrize("style", ["human", "json"])
def test_digits_that_are_hidden_are_in_no_line_nor_traceback(
    style: Literal["human", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("debug", style)
    REDACTION.hide("4111111111111111")
    try:
        raise ValueError("4111 1111 1111 1111")
    except ValueError:
        logging.getLogger("shop").exception("card %s", "4111111111111111")
    REDACTION.reveal("4111111111111111")
    written = capsys.readouterr().err
    assert "1111" not in written
    assert written.count(HIDDEN) == 3  # message, line of code, error
