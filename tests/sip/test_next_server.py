from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sipagent.errors import NoSockets
from sipagent.sip.call import SipCall
from sipagent.sip.headers import outgoing_invite
from sipagent.sip.next_server import NextServer
from sipagent.sip.thread import PjThread


class Dialling:
    """A call of ours at a host whose server may have failed."""

    def __init__(
        self,
        *,
        has_another: bool,
        was_given_up: bool = False,
        has_turn: bool = True,
        is_late: bool = False,
    ) -> None:
        self.dialled: list[SipCall] = []
        self.failed: list[tuple[str, float]] = []
        commands: list[Callable[[], None]] = []
        thread: Any = SimpleNamespace(post=commands.append)
        self.waits: list[bool] = []
        """Of each wait for a turn, whether one before it was late."""

        def later(go: Callable[[bool], None], *, was_late: bool) -> None:
            self.waits.append(was_late)
            go(has_turn)

        def dial(leg: SipCall) -> None:
            if is_late and len(self.waits) == 1:
                raise NoSockets("too many")
            self.dialled.append(leg)

        turns: Any = SimpleNamespace(later=later)
        invite = outgoing_invite("sip:bob@pbx.example", "sipagent", (), ("PCMU",))
        self.leg = SipCall(invite, PjThread(), asyncio.get_running_loop())
        call: Any = SimpleNamespace(leg=self.leg, was_given_up=was_given_up)
        self.call = call

        def failed(host: str, for_s: float) -> bool:
            self.failed.append((host, for_s))
            return has_another

        self.next = NextServer("pbx.example", failed, dial, turns, thread)
        self.commands = commands

    def ends(self, status: int) -> bool:
        """End the call; return whether its leg goes on."""
        goes_on = self.next.takes(self.call, status, 7)
        for command in self.commands:
            command()
        return goes_on


async def test_a_failed_server_hands_the_leg_to_the_next() -> None:
    dialling = Dialling(has_another=True)
    assert dialling.ends(503)
    assert dialling.dialled == [dialling.leg] and dialling.call.leg is not dialling.leg
    assert dialling.failed == [("pbx.example", 7)]


async def test_a_call_that_was_refused_stays_refused() -> None:
    dialling = Dialling(has_another=True)
    assert not dialling.ends(486)
    assert not dialling.failed and dialling.call.leg is dialling.leg


async def test_the_last_server_ends_the_call() -> None:
    assert not Dialling(has_another=False).ends(408)


async def test_a_call_that_was_given_up_meanwhile_goes_nowhere() -> None:
    dialling = Dialling(has_another=True, was_given_up=True)
    assert dialling.ends(503) and not dialling.dialled
    await asyncio.sleep(0)
    assert dialling.leg.events.get_nowait().status == 487  # type: ignore[union-attr]


async def test_a_call_whose_turn_was_late_gets_another() -> None:
    dialling = Dialling(has_another=True, is_late=True)
    assert dialling.ends(503)
    assert dialling.waits == [False, True]
    assert dialling.dialled == [dialling.leg]


async def test_a_call_that_gets_no_turn_is_over() -> None:
    dialling = Dialling(has_another=True, has_turn=False)
    assert dialling.ends(503) and not dialling.dialled
    await asyncio.sleep(0)
    assert dialling.leg.events.get_nowait().status == 503  # type: ignore[union-attr]
