"""Times at which a plan takes calls."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.hours import Hours, hours_hold, window_at
from sipagent.dialplan.matching import Matcher
from sipagent.dialplan.models import Agent, Dialplan
from sipagent.dialplan.routes import shadowing

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = ["mon-fri 09:00-18:00", "sat 10:00-14:00"]


def hours(*windows: str, zone: str = "Europe/Berlin", **other: object) -> Hours:
    return Hours.model_validate({"zone": zone, "open": windows or OFFICE, **other})


def at(text: str, fold: int = 0) -> float:
    """Return the Unix seconds of a time in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-01-09 08:59:59", False),  # a Friday
        ("2026-01-09 09:00:00", True),
        ("2026-01-09 17:59:59", True),
        ("2026-01-09 18:00:00", False),
        ("2026-01-10 09:30:00", False),
        ("2026-01-10 10:00:00", True),
        ("2026-01-11 12:00:00", False),
        ("2026-07-10 09:00:00", True),  # summer time
    ],
)
def test_windows_are_open_on_their_days(when: str, is_open: bool) -> None:
    assert hours_hold(hours(), at(when)) is is_open
    assert hours_hold(hours(when="closed"), at(when)) is not is_open


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-01-09 21:59", False),
        ("2026-01-09 22:00", True),
        ("2026-01-10 05:59", True),  # Saturday, of the window that began on Friday
        ("2026-01-10 06:00", False),
        ("2026-01-10 23:00", False),
        ("2026-01-11 03:00", False),
    ],
)
def test_windows_go_over_midnight(when: str, is_open: bool) -> None:
    assert hours_hold(hours("fri 22:00-06:00"), at(when)) is is_open


@pytest.mark.parametrize(
    ("window", "when", "is_open"),
    [
        ("sat-mon 00:00-24:00", "2026-01-11 00:00", True),
        ("sat-mon 00:00-24:00", "2026-01-12 23:59", True),
        ("sat-mon 00:00-24:00", "2026-01-13 00:00", False),
        ("SAT,wed-thu 8:00-20:00", "2026-01-08 12:00", True),
        ("mon-sun 00:00-24:00", "2026-01-08 12:00", True),
        ("2026-01-08 12:00-13:00", "2026-01-08 12:00", True),
        ("2026-01-08 12:00-13:00", "2027-01-08 12:00", False),
        ("01-08 12:00-13:00", "2027-01-08 12:00", True),
    ],
)
def test_days_may_be_ranges_lists_and_dates(window: str, when: str, is_open: bool) -> None:
    assert (window_at(hours(window), at(when)) == window) is is_open


def test_holidays_are_closed_from_midnight_to_midnight() -> None:
    night = hours("mon-sun 20:00-04:00", holidays=["12-25", "2026-01-09"])
    for when in ("2026-01-09 03:00", "2026-01-09 21:00", "2026-01-10 03:00", "2031-12-25 21:00"):
        assert not hours_hold(night, at(when)), when
    for when in ("2027-01-09 21:00", "2026-01-08 21:00", "2026-01-10 21:00"):
        assert hours_hold(night, at(when)), when


def test_a_window_of_that_very_date_is_open_on_a_holiday() -> None:
    eve = hours("mon-fri 09:00-18:00", "12-24 09:00-12:00", holidays=["12-24"])
    assert window_at(eve, at("2026-12-24 11:00")) == "12-24 09:00-12:00"
    assert window_at(eve, at("2026-12-24 13:00")) == ""


def test_an_hour_that_clocks_skip_is_not_open() -> None:
    skipped = hours("sun 02:00-03:00")
    before = at("2026-03-29 01:59:59")
    assert not hours_hold(skipped, before)
    assert not hours_hold(skipped, before + 1)  # it is 03:00
    assert hours_hold(hours("sun 02:30-04:00"), before + 1)


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    twice = hours("sun 02:00-02:30")
    assert hours_hold(twice, at("2026-10-25 02:10"))
    assert not hours_hold(twice, at("2026-10-25 02:40"))
    assert hours_hold(twice, at("2026-10-25 02:10", fold=1))
    assert at("2026-10-25 02:10", fold=1) - at("2026-10-25 02:10") == 3_600


def test_each_plan_has_a_zone_of_its_own() -> None:
    noon = at("2026-01-09 12:00")
    assert hours_hold(hours("fri 11:00-11:01", zone="UTC"), noon)
    assert hours_hold(hours("fri 06:00-06:01", zone="America/New_York"), noon)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            'open = "9-17"',
            ':8: match.hours.open: must be days and times, such as "mon-fri 09:00-18',
        ),
        ('open = ["fry 09:00-18:00"]', ':8: match.hours.open[0]: has no day "fry"; days are mon,'),
        ('open = "mon 09:00-24:30"', ":8: match.hours.open: has no time 24:30; the last one is"),
        ('open = "mon 9:00-9:00"', ":8: match.hours.open: must last some time; a whole day is"),
        ('open = "02-30 9:00-10:00"', ':8: match.hours.open: must be a date, such as "2026-12-25"'),
        ("open = []", ":8: match.hours.open: must not be empty"),
        ('open = "mon 9:00-10:00"\nholidays = ["25.12."]', ":9: match.hours.holidays[0]: must be"),
        (
            'open = "mon 9:00-10:00"\nholidays = [2026-12-25]',
            ": match.hours.holidays[0]: is a date",
        ),
        ('open = "mon 9:00-10:00"\nwhen = "shut"', ":9: match.hours.when: must be 'open' or"),
    ],
)
def test_what_means_nothing_is_named(
    findings: Callable[[str], list[str]], lines: str, expected: str
) -> None:
    agent = '\n[[agents]]\nname = "A"\ninstructions = "x"\n'
    head = f'name = "p"\n{agent}\n[match.hours]\nzone = "UTC"\n'.replace("\n\n", "\n")
    (finding,) = findings(f"{head}\n{lines}\n")
    assert finding.startswith(f"plan.toml{expected}")


def test_a_zone_that_is_none_is_named_with_the_one_that_was_meant() -> None:
    for zone in ("Europe/Berlyn", "../etc/passwd", "Europe", "", "/etc/localtime"):
        with pytest.raises(ValueError, match="must be a time zone"):
            hours(zone=zone)
    with pytest.raises(ValueError, match='did you mean "Europe/Berlin"'):
        hours(zone="Europe/Berlyn")


def plan(name: str, **conditions: object) -> Dialplan:
    agent = Agent(name="A", instructions="x")
    return Dialplan.model_validate({"name": name, "match": conditions, "agents": [agent]})


DAY = {"zone": "Europe/Berlin", "open": OFFICE}


def test_a_plan_with_hours_comes_before_one_without_and_leaves_it_the_rest() -> None:
    plans = [plan("any"), plan("day", hours=DAY)]
    matcher = Matcher(plans)
    asked = [CallKeys("1", at_s=at(when)) for when in ("2026-01-09 12:00", "2026-01-09 19:00")]
    assert [found and found.plan.name for found in map(matcher.match, asked)] == ["day", "any"]
    assert [each.text for each in matcher.explain(asked[0])] == [
        'called "1" matches *, it is Fri 2026-01-09 12:00 in Europe/Berlin, open '
        '("mon-fri 09:00-18:00"); priority 0',
        "would match, but day is more specific about the rest",
    ]
    texts = [each.text for each in matcher.explain(asked[1])]
    assert texts[1] == "it is Fri 2026-01-09 19:00 in Europe/Berlin, closed"


def test_only_a_plan_with_the_same_hours_is_shadowed_by_one_with_hours() -> None:
    first = plan("first", hours=DAY, priority=1)
    assert shadowing(plan("any"), [first]) == []
    assert shadowing(plan("closed", hours=DAY | {"when": "closed"}), [first]) == []
    assert shadowing(plan("same", hours=DAY), [first]) == ["first"]
    assert shadowing(plan("day", hours=DAY), [plan("always", priority=1)]) == ["always"]
