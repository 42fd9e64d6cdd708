"""The box as a whole, by the admin API: taking no more calls, and how much is logged.

Both are kept here and told again to every process that starts, so that a restart of one changes
nothing; a restart of the box does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import Annotated, Literal, TypeAlias

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from .api_guard import asked_by, error_response, read_body
from .api_routes import Answer, Route
from .api_shapes import DrainState, Error, LogLevelsShown
from .channel import Drain, Message, Ready, SetLogLevels, Undrain
from .live_calls import LiveCalls
from .log_levels import LogLevels

log = logging.getLogger(__name__)

RETRY_AFTER_S = 30

Package: TypeAlias = Annotated[str, Field(pattern=r"^sipagent(\.[a-z_]{1,40}){0,3}$")]
"""Of ours: libraries write down what is said, and keys in addresses."""


class LevelsWanted(BaseModel):
    """How much is to be logged."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    levels: Annotated[
        dict[Package, Literal["debug", "info", "warning", "error"]], Field(max_length=100)
    ]


class BoxApi:
    """Serve ``/api/v1/drain`` and ``/api/v1/log-level``.

    Args:
        send: Tells a process something.
        sources: What the processes with calls are known as.
        live: The calls there are.
    """

    def __init__(
        self,
        send: Callable[[Hashable, Message], None],
        sources: Sequence[Hashable],
        live: LiveCalls,
    ) -> None:
        self._send, self._sources, self._live = send, sources, live
        self._is_draining = False
        self._levels: dict[str, str] = {}
        self._own_levels = LogLevels()

    def table(self) -> list[Route]:
        """Return what is served."""
        drained = {200: Answer("How it is now.", DrainState)}
        levels = {200: Answer("How it is now.", LogLevelsShown)}
        return [
            Route("GET", "/drain", self._drain_state, "Whether no more calls are taken.", drained),
            Route("POST", "/drain", self._drain, "Take no more calls; those there go on.", drained),
            Route("DELETE", "/drain", self._undrain, "Take calls again.", drained),
            Route("GET", "/log-level", self._list_levels, "How much is logged.", levels),
            Route(
                *("PUT", "/log-level", self._set_levels, "Log more, or less, of some packages."),
                {**levels, 400: Answer("The body says what is wrong.", Error)},
                LevelsWanted,
            ),
        ]

    def heard(self, source: Hashable, message: Message) -> None:
        """Tell a process that has started how things are."""
        if isinstance(message, Ready):
            if self._is_draining:
                self._send(source, Drain(RETRY_AFTER_S, then_ends=False))
            if self._levels:
                self._send(source, SetLogLevels(dict(self._levels)))

    async def _drain_state(self, _: web.Request) -> web.Response:
        calls = sum(call["state"] != "ended" for call in self._live.listed())
        return web.json_response({"draining": self._is_draining, "calls": calls})

    async def _drain(self, request: web.Request) -> web.Response:
        log.warning("= %s wants no more calls to be taken", asked_by(request))
        self._is_draining = True
        self._tell_all(Drain(RETRY_AFTER_S, then_ends=False))
        return await self._drain_state(request)

    async def _undrain(self, request: web.Request) -> web.Response:
        log.warning("= %s wants calls to be taken again", asked_by(request))
        self._is_draining = False
        self._tell_all(Undrain())
        return await self._drain_state(request)

    async def _list_levels(self, _: web.Request) -> web.Response:
        return web.json_response({"levels": self._levels})

    async def _set_levels(self, request: web.Request) -> web.Response:
        wanted = await read_body(request, LevelsWanted)
        if isinstance(wanted, str):
            return error_response(400, wanted)
        self._levels = dict(wanted.levels)
        self._own_levels.use(self._levels)
        self._tell_all(SetLogLevels(dict(self._levels)))
        return await self._list_levels(request)

    def _tell_all(self, message: Message) -> None:
        for source in self._sources:
            self._send(source, message)
