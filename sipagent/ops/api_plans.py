"""The admin API of the plans: what is in use, what is wrong, check, reload, roll back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Protocol

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from sipagent.dialplan.findings import Finding
from sipagent.dialplan.replay import RecordedRoute, Rerouted
from sipagent.dialplan.versions import PlanVersion
from sipagent.errors import JournalError

from .api_guard import error_response, read_body
from .api_plan_shapes import Plans, PlansChecked, PlansLoaded, PlansReplayed
from .api_routes import Answer, Route
from .api_shapes import Error
from .clock import shown_time
from .plan_counts import PlanCounts
from .plan_state import (
    PlanState,
    ReloadOutcome,
    plans_to_json,
    problem_to_json,
)

PLANS = "/plans"

MOST_CALLS = 10_000
"""That one request may ask about."""

MAX_FILES_BYTES = 1024 * 1024
"""Of a body with files; one of them may have 256 KiB."""

_BAD = Answer("The body says what is wrong.", Error)

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.toml$")]
"""Of a plan or script; Python is not taken, since checking executes it."""


class CheckAsked(BaseModel):
    """The body of a wish to check."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    files: Annotated[dict[FileName, str], Field(max_length=100)] = {}
    """Laid over those in the folder, by name."""


class ReplayAsked(CheckAsked):
    """The body of a wish to ask the files about calls on record."""

    calls: Annotated[int, Field(ge=1, le=MOST_CALLS)] = 1_000
    """So many, the last ones."""


class RollBackAsked(BaseModel):
    """The body of a wish to roll back."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: Annotated[int, Field(ge=1)]


class Keeper(Protocol):
    """Who keeps the plans."""

    state: PlanState
    counts: PlanCounts
    on_change: Callable[[PlanState], None]

    @property
    def known(self) -> tuple[PlanVersion, ...]: ...
    async def reload(self) -> ReloadOutcome: ...
    async def roll_back(self, version: int) -> Sequence[Finding] | None: ...
    async def check(self, files: dict[str, str]) -> Sequence[Finding]: ...
    async def replay(
        self, calls: Sequence[RecordedRoute], files: dict[str, str]
    ) -> list[Rerouted] | Finding: ...


class PlansApi:
    """Serve ``/api/v1/plans``.

    Args:
        keeper: Has the plans.
        recorded: Returns how the last calls were routed, at most so many; raises ``JournalError``.
    """

    def __init__(
        self, keeper: Keeper, recorded: Callable[[int], Awaitable[list[RecordedRoute]]]
    ) -> None:
        self._keeper, self._recorded = keeper, recorded
        self.counts = keeper.counts

    def table(self) -> list[Route]:
        """Return what is served."""
        return [
            Route(
                *("GET", PLANS, self._list, "The plans in use, and what is wrong with the folder."),
                {200: Answer("Versions newest first.", Plans)},
            ),
            Route(
                *("POST", PLANS + "/check", self._check, "Say what is wrong, and change nothing."),
                {200: Answer("Checked.", PlansChecked), 400: _BAD},
                CheckAsked,
            ),
            Route(
                *("POST", PLANS + "/replay", self._replay, "Ask the files about past calls."),
                {
                    200: Answer("Which they would route differently.", PlansReplayed),
                    400: _BAD,
                    422: Answer("A key is wrong; the message says where.", Error),
                    503: Answer("The store does not answer.", Error),
                },
                ReplayAsked,
            ),
            Route(
                *("POST", PLANS + "/reload", self._reload, "Load what is in the folder."),
                {
                    200: Answer("In use.", PlansLoaded),
                    422: Answer("Those before it stay in use.", PlansLoaded),
                },
            ),
            Route(
                *("POST", PLANS + "/rollback", self._roll_back, "Use an older version again."),
                {
                    200: Answer("In use.", PlansLoaded),
                    400: _BAD,
                    404: Answer("That version is not known any more.", Error),
                    422: Answer("It cannot be used any more; the message says why.", Error),
                },
                RollBackAsked,
            ),
        ]

    def on_change(self, tell: Callable[[dict[str, Any]], None]) -> None:
        """Have somebody told of each change."""
        self._keeper.on_change = lambda state: tell(plans_to_json(state))

    def told(self) -> dict[str, Any]:
        """Return what streams are told."""
        return plans_to_json(self._keeper.state)

    def shown(self) -> dict[str, Any]:
        """Return what the API says of the plans."""
        state = self._keeper.state
        return {
            **plans_to_json(state),
            "plans": [
                {
                    "name": plan.name,
                    "file": plan.file,
                    "called": list(plan.called),
                    "priority": plan.priority,
                    "agents": list(plan.agents),
                    "targets": list(plan.targets),
                }
                for plan in state.plans
            ],
            "versions": [
                {
                    "version": each.version,
                    "sha": each.sha,
                    "loaded_at": shown_time(each.loaded_at),
                    "plans": list(each.plans),
                }
                for each in reversed(self._keeper.known)
            ],
        }

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(self.shown())

    async def _check(self, request: web.Request) -> web.Response:
        asked = await read_body(request, CheckAsked, max_bytes=MAX_FILES_BYTES)
        if isinstance(asked, str):
            return error_response(400, asked)
        found = await self._keeper.check(dict(asked.files))
        is_right = not any(each.is_error for each in found)
        problems = [problem_to_json(each) for each in found]
        return web.json_response({"is_right": is_right, "problems": problems})

    async def _replay(self, request: web.Request) -> web.Response:
        asked = await read_body(request, ReplayAsked, max_bytes=MAX_FILES_BYTES)
        if isinstance(asked, str):
            return error_response(400, asked)
        try:
            calls = await self._recorded(asked.calls)
        except JournalError as error:
            return error_response(503, str(error))
        found = await self._keeper.replay(calls, dict(asked.files))
        if isinstance(found, Finding):
            return error_response(422, str(found))
        shown = [_rerouted(each) for each in found]
        return web.json_response({"calls": len(calls), "rerouted": shown})

    async def _reload(self, _: web.Request) -> web.Response:
        outcome = await self._keeper.reload()
        status = 200 if outcome is ReloadOutcome.LOADED else 422
        return web.json_response({"outcome": outcome.value, **self.shown()}, status=status)

    async def _roll_back(self, request: web.Request) -> web.Response:
        asked = await read_body(request, RollBackAsked)
        if isinstance(asked, str):
            return error_response(400, asked)
        problems = await self._keeper.roll_back(asked.version)
        if problems is None:
            return error_response(404, f"version {asked.version} is not known any more")
        if problems:
            return error_response(422, "; ".join(map(str, problems)))
        return web.json_response({"outcome": ReloadOutcome.ROLLED_BACK.value, **self.shown()})


def _rerouted(each: Rerouted) -> dict[str, Any]:
    return {
        "call_id": each.keys.call_id,
        "at": shown_time(each.keys.at_s),
        "called": each.keys.called,
        "caller": each.keys.caller,
        "was": each.was,
        "now": each.now,
        "why": each.why,
    }
