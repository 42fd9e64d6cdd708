"""Calls that agents place over real SIP: a desk on one endpoint, a model that says one tone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sipagent.calls.desk import CallDesk
from sipagent.calls.dial_desk import DialDesk, DialRequest
from sipagent.calls.facts import CallEnded
from sipagent.calls.setup import CallSetup
from sipagent.calls.termination import Reason, Termination
from sipagent.realtime.transport import Endpoint
from tests.calls.leg import Told
from tests.calls.talk import call_setup
from tests.fakes.faulty_endpoint import FaultyEndpoint, faulty_endpoint

from .harness import Switchboard, switchboard

CALL_ID = "call-1"


class Dialling:
    """Who places calls, what the model got and what was told."""

    def __init__(
        self, board: Switchboard, model: FaultyEndpoint, setup: CallSetup, folder: Path
    ) -> None:
        self.board, self.model, self.told = board, model, Told()
        self.desk = CallDesk(
            route=lambda _: None,
            endpoint=Endpoint(model.url, "gpt-realtime"),
            observer=self.told,
            recordings_dir=folder,
            wall_clock=lambda: 0.0,
        )
        plans = {setup.plan: setup}
        self.dials = DialDesk(self.desk, board.endpoint, plans.get)

    def place(self, uri: str, **request: Any) -> None:
        """Begin a call."""
        asked: dict[str, Any] = {"call_id": CALL_ID, "uri": uri, "plan": "desk"}
        assert self.dials.place(DialRequest(**(asked | request))).status == 202

    async def ended(self) -> Termination:
        """Wait for the end of a call."""
        termination = (await self.told.until(CallEnded)).termination
        await self.desk.until_empty()
        return termination


@asynccontextmanager
async def dialling(folder: Path, **setup: Any) -> AsyncIterator[Dialling]:
    """Open a desk whose plan is called ``desk``."""
    async with faulty_endpoint() as model, switchboard() as board:
        running = Dialling(board, model, call_setup(**({"greeting": "Greet."} | setup)), folder)
        yield running
        running.desk.hang_up_all(Reason.SHUTDOWN)
        await running.desk.until_empty()
