"""``[match.hours]``: at which times a plan takes calls, by the clocks of its time zone. Pure.

An instant is turned into local time, and that is compared; never the other way round. So an hour
that clocks skip is never open, and one that they go through twice is open twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from .model import Model, as_tuple
from .validation import near_miss

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_WINDOW = re.compile(r"(\S+) +(\d\d?):(\d\d) *- *(\d\d?):(\d\d)")
_DATE = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)")
_LEAP_YEAR = 2000
"""Has every date that a year can have."""


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of time, on some days."""

    weekdays: frozenset[int]
    """On which it begins; Monday is 0."""
    dates: frozenset[tuple[int | None, int, int]]
    """The same as year (None: any), month and day."""
    begin: int
    """In minutes since midnight."""
    end: int
    """The same, of the day on which it begins: beyond 1440 on the next one."""

    def begins_on(self, day: date) -> bool:
        """Tell whether it begins on that day, holidays aside."""
        return day.weekday() in self.weekdays or self.is_of_date(day)

    def is_of_date(self, day: date) -> bool:
        """Tell whether that very date is named."""
        return _is_among(day, self.dates)


@lru_cache(maxsize=4096)
def parse_window(text: str) -> Window:
    """Return what ``mon-fri 09:00-18:00`` means.

    Raises:
        ValueError: If it means nothing; says what would.
    """
    found = _WINDOW.fullmatch(text.strip().casefold())
    if found is None:
        raise ValueError('must be days and times, such as "mon-fri 09:00-18:00"')
    days, *clock = found.groups()
    begin, end = _minutes(*clock[:2]), _minutes(*clock[2:])
    if begin in {end, DAY_MINUTES}:
        raise ValueError('must last some time; a whole day is "00:00-24:00"')
    weekdays: set[int] = set()
    dates: set[tuple[int | None, int, int]] = set()
    for each in days.split(","):
        if _DATE.fullmatch(each):
            dates.add(parse_date(each))
        else:
            weekdays |= _weekdays(each)
    end = end if end > begin else end + DAY_MINUTES
    return Window(frozenset(weekdays), frozenset(dates), begin, end)


@lru_cache(maxsize=4096)
def parse_date(text: str) -> tuple[int | None, int, int]:
    """Return year, month and day of ``2026-12-25``, or of ``12-25``, which has any year.

    Raises:
        ValueError: If there is no such day.
    """
    found = _DATE.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        year, month, day = found.groups()
        date(int(year or _LEAP_YEAR), int(month), int(day))
    except ValueError:
        raise ValueError('must be a date, such as "2026-12-25" or "12-25"') from None
    return int(year) if year else None, int(month), int(day)


def _minutes(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > DAY_MINUTES:
        raise ValueError(f"has no time {hour}:{minute}; the last one is 24:00")
    return minutes


def _weekdays(text: str) -> set[int]:
    first, _, last = text.partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        raise ValueError(f'has no day "{text}"; days are {", ".join(DAYS)}, and dates')
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}


def _is_among(day: date, dates: frozenset[tuple[int | None, int, int]]) -> bool:
    if not dates:
        return False
    of_day = day.month, day.day
    return (day.year, *of_day) in dates or (None, *of_day) in dates


def _window(text: str) -> str:
    parse_window(text)
    return text


def _date(text: str) -> str:
    parse_date(text)
    return text


def _zone(text: str) -> str:
    try:
        zone_of(text)
    except (KeyError, ValueError, OSError):
        close = near_miss(text, available_timezones())
        raise ValueError(f'must be a time zone, such as "Europe/Berlin"{close}') from None
    return text


zone_of = lru_cache(maxsize=256)(ZoneInfo)


Zone = Annotated[str, AfterValidator(_zone)]
"""A time zone of the IANA's database."""


class Hours(Model):
    """``[match.hours]``: at which times the plan takes calls."""

    zone: Zone
    """Time zone of all times here, such as ``Europe/Berlin``."""
    open: Annotated[
        tuple[Annotated[str, AfterValidator(_window)], ...],
        BeforeValidator(as_tuple, json_schema_input_type=str | list[str]),
        Field(min_length=1, max_length=200),
    ]
    """One or more of ``mon-fri 09:00-18:00``; dates instead of days, for days that differ."""
    holidays: Annotated[
        tuple[Annotated[str, AfterValidator(_date)], ...], Field(max_length=500)
    ] = ()
    """Dates that are closed, from midnight to midnight: ``2026-12-25``, or ``12-25`` each year."""
    when: Literal["open", "closed"] = "open"
    """``closed``: the plan takes calls at all other times."""


def hours_hold(hours: Hours, at_s: float) -> bool:
    """Tell whether a plan with these hours takes a call that comes at ``at_s`` (Unix seconds)."""
    return (window_at(hours, at_s) != "") is (hours.when == "open")


def window_at(hours: Hours, at_s: float) -> str:
    """Return the window that is open at ``at_s``, as it is written; ``""``: it is closed."""
    days = _days(at_s, hours.zone)
    holidays = _dates(hours.holidays)
    is_holiday = _is_among(days[0][0], holidays)
    for text in hours.open:
        window = parse_window(text)
        for day, since in days:
            if window.begin <= since < window.end and window.begins_on(day):
                is_closed = is_holiday or _is_among(day, holidays)
                if not is_closed or window.is_of_date(day):
                    return text
    return ""


def local_time(hours: Hours, at_s: float) -> datetime:
    """Return what clocks show where the hours are meant."""
    return datetime.fromtimestamp(at_s, zone_of(hours.zone))


@lru_cache(maxsize=64)
def _days(at_s: float, zone: str) -> tuple[tuple[date, int], ...]:
    """Return today and yesterday, and for how many minutes each has been going on."""
    local = datetime.fromtimestamp(at_s, zone_of(zone))
    today, minute = local.date(), local.hour * 60 + local.minute
    return (today, minute), (today - timedelta(days=1), minute + DAY_MINUTES)


@lru_cache(maxsize=256)
def _dates(texts: tuple[str, ...]) -> frozenset[tuple[int | None, int, int]]:
    return frozenset(map(parse_date, texts))
