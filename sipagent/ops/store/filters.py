"""Which calls are wanted, as conditions on the tables. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, true

from .tables import CALLS, TURNS


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What calls must be like; what is not given does not matter."""

    plan: str = ""
    result: str = ""
    reason: str = ""
    direction: str = ""
    number: str = ""
    """Part of who called, or was called."""
    text: str = ""
    """Part of what was said, in whatever case; slow without times."""
    since_ms: int | None = None
    """Unix milliseconds; calls that began then or later."""
    until_ms: int | None = None
    """Unix milliseconds; calls that began before."""
    is_open: bool | None = None
    """Whether the call goes on."""

    def condition(self) -> ColumnElement[bool]:
        """Return it as SQL."""
        exact = (
            *((CALLS.c.plan, self.plan), (CALLS.c.result, self.result)),
            *((CALLS.c.reason, self.reason), (CALLS.c.direction, self.direction)),
        )
        wanted = [column == value for column, value in exact if value]
        if self.number:
            columns = (CALLS.c.called, CALLS.c.caller, CALLS.c.asserted_caller)
            wanted.append(or_(*(each.contains(self.number, autoescape=True) for each in columns)))
        if self.since_ms is not None:
            wanted.append(CALLS.c.started_at_ms >= self.since_ms)
        if self.until_ms is not None:
            wanted.append(CALLS.c.started_at_ms < self.until_ms)
        if self.is_open is not None:
            ended = CALLS.c.ended_at_ms
            wanted.append(ended.is_(None) if self.is_open else ended.is_not(None))
        if self.text:
            said = TURNS.c.said.icontains(self.text, autoescape=True)
            wanted.append(exists().where(TURNS.c.call_id == CALLS.c.call_id, said))
        return and_(true(), *wanted)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of calls ended: newest calls come first."""

    started_at_ms: int
    call_id: str

    def __str__(self) -> str:
        return f"{self.started_at_ms}.{self.call_id}"

    def condition(self) -> ColumnElement[bool]:
        """Return what is true of the calls behind it."""
        earlier = CALLS.c.started_at_ms < self.started_at_ms
        same = CALLS.c.started_at_ms == self.started_at_ms
        # The first part alone lets the index find where to begin.
        return and_(
            CALLS.c.started_at_ms <= self.started_at_ms,
            or_(earlier, and_(same, CALLS.c.call_id < self.call_id)),
        )


def read_cursor(text: str) -> Cursor:
    """Return the cursor that ``str`` of one gave.

    Raises:
        ValueError: If ``text`` is none.
    """
    started_at_ms, _, call_id = text.partition(".")
    if not (started_at_ms.isascii() and started_at_ms.isdigit() and call_id):
        raise ValueError("this is no place in the list of calls")
    if len(started_at_ms) > 15 or "\x00" in call_id:
        raise ValueError("this is no place in the list of calls")
    return Cursor(int(started_at_ms), call_id)
