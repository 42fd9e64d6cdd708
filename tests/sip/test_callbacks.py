"""What callbacks of PJSIP raise."""

from __future__ import annotations

import pytest

from sipagent.sip.callbacks import never_raises


class Leg:
    """Has callbacks."""

    name = "a@b"

    def __init__(self) -> None:
        self.told: list[object] = []

    @never_raises("state of leg %s", lambda leg: leg.name)
    def on_state(self, prm: object) -> None:
        """Note it, or fail."""
        if prm is None:
            raise ValueError("no such state")
        self.told.append(prm)

    @never_raises("100 % of it was lost")
    def on_other(self, prm: object) -> None:
        """Fail."""
        raise KeyError(prm)


def test_what_it_raises_is_logged_with_whom_it_concerns(caplog: pytest.LogCaptureFixture) -> None:
    Leg().on_state(None)
    (record,) = caplog.records
    assert (record.name, record.getMessage()) == (__name__, "! state of leg a@b")
    assert record.exc_info is not None and record.exc_info[0] is ValueError


def test_without_anybody_the_text_stands_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    Leg().on_other(1)
    assert [record.getMessage() for record in caplog.records] == ["! 100 % of it was lost"]


def test_what_goes_well_is_called_as_it_is() -> None:
    leg = Leg()
    leg.on_state("early")
    assert leg.told == ["early"]
    assert Leg.on_state.__doc__ == "Note it, or fail."
