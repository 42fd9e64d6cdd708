"""Several observers, of which some fail."""

import pytest

from sipagent.calls import facts
from sipagent.calls.facts import Fact
from sipagent.ops.observers import Observers

FACT = facts.DigitPressed("1")


class Noting:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Fact, float]] = []

    def tell(self, call_id: str, fact: Fact, *, at: float) -> None:
        """Note a fact."""
        self.told.append((call_id, fact, at))


class Failing:
    """Fails at whatever it is told."""

    def tell(self, call_id: str, fact: Fact, *, at: float) -> None:
        """Fail."""
        raise ZeroDivisionError


def test_everybody_is_told_everything() -> None:
    first, second = Noting(), Noting()
    Observers([first, second]).tell("c1", FACT, at=2.0)
    assert first.told == second.told == [("c1", FACT, 2.0)]


def test_one_that_fails_hurts_no_other_and_no_call(caplog: pytest.LogCaptureFixture) -> None:
    other = Noting()
    Observers([Failing(), other]).tell("c1", FACT, at=2.0)
    assert other.told == [("c1", FACT, 2.0)]
    (record,) = caplog.records
    assert record.message == "call=c1 ! DigitPressed was not noted"
    assert record.exc_info is not None and record.exc_info[0] is ZeroDivisionError
