"""Who may come after a call on its leg, as PJSUA asks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sipagent.sip.events import ReferRequested
from sipagent.sip.leg_end import LegProgress
from sipagent.sip.succession import Succession

NEW_CALL = object()


class Asked:
    """A call whose peer wants another one in its place."""

    def __init__(
        self, *, is_confirmed: bool = True, is_given_up: bool = False, may: bool = True
    ) -> None:
        self.told: list[object] = []
        self.made: list[tuple[object, ...]] = []
        progress = LegProgress()
        progress.is_confirmed, progress.is_given_up = is_confirmed, is_given_up
        leg = SimpleNamespace(accepts_replaces=may, tell=self.told.append)
        call: Any = SimpleNamespace(leg=leg, progress=progress)
        successors: Any = self
        self.call, self._may = call, may
        self.succession = Succession(call, successors)

    def later(self, command: object) -> None:
        """Run nothing."""

    def referred(self, old: object, target_uri: str) -> object:
        """Note it."""
        self.made.append((old, target_uri))
        return NEW_CALL if self._may else None

    def replaced(self, old: object, pj_call_id: int, text: str, source: str) -> object:
        """Note it."""
        self.made.append((old, pj_call_id, text, source))
        return NEW_CALL


def refer(uri: str = "<sip:bob@pbx.example>") -> Any:
    return SimpleNamespace(dstUri=uri, statusCode=0, newCall=None)


def test_a_refer_is_followed_where_the_leg_may_go() -> None:
    asked, prm = Asked(), refer()
    asked.succession.referred(prm)
    assert (prm.statusCode, prm.newCall) == (202, NEW_CALL)
    assert asked.made == [(asked.call, "sip:bob@pbx.example")] and not asked.told


@pytest.mark.parametrize(
    ("state", "is_made"),
    [
        ({"may": False}, True),
        ({"is_confirmed": False}, False),
        ({"is_given_up": True}, False),
    ],
)
def test_any_other_refer_is_declined_and_told(state: dict[str, bool], is_made: bool) -> None:
    asked, prm = Asked(**state), refer()
    asked.succession.referred(prm)
    assert (prm.statusCode, prm.newCall) == (603, None)
    assert asked.told == [ReferRequested("sip:bob@pbx.example")]
    assert bool(asked.made) is is_made


def test_a_refer_to_nowhere_asks_nobody() -> None:
    asked, prm = Asked(), refer("")
    asked.succession.referred(prm)
    assert (prm.statusCode, asked.made) == (603, [])


def test_a_refer_is_declined_whatever_goes_wrong_with_it() -> None:
    asked, prm = Asked(), refer()
    asked.call.progress = None
    with pytest.raises(AttributeError):
        asked.succession.referred(prm)
    assert prm.statusCode == 603


def replaces() -> Any:
    rdata = SimpleNamespace(wholeMsg="INVITE ...", srcAddress="192.0.2.1:5060")
    return SimpleNamespace(rdata=rdata, statusCode=0)


def test_an_invite_with_replaces_is_let_in_and_made_a_call_of_what_it_said() -> None:
    asked, prm, done = Asked(), replaces(), SimpleNamespace(newCallId=3, newCall=None)
    asked.succession.asked(prm)
    assert prm.statusCode == 200
    asked.succession.replaced(done)
    assert done.newCall is NEW_CALL
    assert asked.made == [(asked.call, 3, "INVITE ...", "192.0.2.1:5060")]


@pytest.mark.parametrize("state", [{"may": False}, {"is_confirmed": False}, {"is_given_up": True}])
def test_any_other_invite_with_replaces_is_forbidden(state: dict[str, bool]) -> None:
    asked, prm = Asked(**state), replaces()
    asked.succession.asked(prm)
    assert prm.statusCode == 403
