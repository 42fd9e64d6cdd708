"""``sipagent route``: which dialplan answers, and why the others do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sipagent.errors import ConfigError
from sipagent.route_command import instant

from .test_commands import PLAN, run

PLANS = {
    "any": PLAN.replace('"p"', '"any"') + "[match]\ndefault = true\n",
    "day": PLAN.replace('"p"', '"day"')
    + '[match.hours]\nzone = "Europe/Berlin"\nopen = "mon-fri 09:00-18:00"\n',
    "pbx": PLAN.replace('"p"', '"pbx"')
    + '[match]\ntrunk = "pbx"\nasserted_caller = "+4917*"\nheader = { X-Queue = "sales*" }\n',
    "net": PLAN.replace('"p"', '"net"') + '[match]\nsource = "203.0.113.0/24"\npriority = 1\n',
    "fax": 'name = "fax"\n[match]\ncalled = "fax*"\n[refuse]\nstatus = 488\n',
    "moved": 'name = "moved"\n[match]\ncalled = "old"\n[refer]\ntarget_uri = "tel:+4930"\n',
}
CONFIG = """
[dialplans]
path = "plans"
[[sip.trunks]]
name = "pbx"
registrar = "sip:pbx.example"
user = "box"
register = false
trust_asserted_identity = true
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "plans").mkdir()
    for name, text in PLANS.items():
        (tmp_path / "plans" / f"{name}.toml").write_text(text)
    file = tmp_path / "sipagent.toml"
    file.write_text(CONFIG)
    return str(file)


def routed(config: str, *arguments: str) -> tuple[int, list[str]]:
    result = run("route", "-c", config, *arguments)
    return result.exit_code, result.output.splitlines()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("1", "--at", "2026-01-09T12:00+01:00"), "day: A answers"),
        (("1", "--at", "2026-01-09T12:00+09:00"), "any: A answers"),
        (("sip:1@box", "--source", "203.0.113.9"), "net: A answers"),
        (("fax7",), "fax: refuses the call with 488"),
        (("sip:old@box",), "moved: sends the caller to tel:+4930"),
    ],
)
def test_the_first_line_says_what_becomes_of_the_call(
    config: str, arguments: tuple[str, ...], expected: str
) -> None:
    status, lines = routed(config, *arguments)
    assert (status, lines[0]) == (0, expected)
    assert len(lines) == 1 + len(PLANS)
    (taken,) = [line.split()[1] for line in lines if line.startswith("*")]
    assert expected.startswith(f"{taken}: ")


def test_the_rest_says_why_and_why_not(config: str) -> None:
    _, lines = routed(config, "1", "--at", "2026-01-09 19:00+01:00", "--source", "203.0.114.9")
    assert lines[1:] == [
        '* any    called "1" matches *; it is a default',
        "  day    it is Fri 2026-01-09 19:00 in Europe/Berlin, closed",
        '  fax    called "1" matches none of fax*',
        '  moved  called "1" matches none of old',
        "  net    source 203.0.114.9 is in none of 203.0.113.0/24",
        '  pbx    asserted_caller "" matches none of +4917*',
    ]


def test_trunk_caller_and_headers_are_looked_at(config: str) -> None:
    asserted = ("--header", "P-Asserted-Identity: <sip:+49171@x>", "--header", "X-Queue:sales-1")
    call = ("1", "--from", "sip:ann@x", "--trunk", "pbx", "--at", "2026-01-10 12:00+01:00")
    result = run("route", "-c", config, *call, *asserted, "--call-id", "c1", "--json")
    answer = json.loads(result.output)
    assert (result.exit_code, answer["plan"], answer["outcome"]) == (0, "pbx", "A answers")
    assert answer["verdicts"][0]["is_taken"] is True
    assert answer["keys"]["asserted_caller"] == "+49171"
    assert (answer["keys"]["caller"], answer["keys"]["call_id"]) == ("ann", "c1")
    assert answer["keys"]["at_s"] == datetime(2026, 1, 10, 11, tzinfo=UTC).timestamp()


def test_a_call_that_nobody_answers_is_status_1(config: str) -> None:
    (Path(config).parent / "plans" / "any.toml").unlink()
    at = ("--at", "2026-01-10 12:00+01:00")
    status, lines = routed(config, "1", *at)
    assert (status, lines[0]) == (1, "nobody answers: 404")
    assert routed(config, "112", *at)[1][0] == "nobody answers: 503, an emergency"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--at", "noon"), '--at: must be a time, such as "2026-12-25 10:00"'),
        (("--trunk", "pxb"), '--trunk: there is no trunk "pxb" (did you mean "pbx"?); known: pbx'),
        (("--source", "pbx"), '--source: must be an IP address, such as "203.0.113.9"'),
        (("--header", "X"), '--header: must be a header, such as "X-Queue: sales"'),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    config: str, arguments: tuple[str, ...], expected: str
) -> None:
    result = run("route", "-c", config, "1", *arguments)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == expected


def test_files_that_are_broken_are_not_asked(config: str) -> None:
    (Path(config).parent / "plans" / "fax.toml").write_text("name = 1\n")
    result = run("route", "-c", config, "1")
    assert isinstance(result.exception, ConfigError)
    assert "fax.toml:1: name: must be text in quotes" in str(result.exception)


def test_a_time_without_a_zone_is_one_of_this_machine() -> None:
    now = datetime(2026, 1, 9, 12, tzinfo=UTC)
    assert instant("", now) is now
    assert instant("2026-12-25", now) == datetime(2026, 12, 25, tzinfo=UTC)
