"""What the admin API serves: each route once, for the router, the guard and the document of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import web
from pydantic import BaseModel

from .api_tokens import Role

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

V1 = "/api/v1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request may be answered with."""

    description: str
    shape: type[BaseModel] | None = None
    """None: it is no JSON."""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    """Below ``V1``."""
    handler: Handler
    summary: str
    answers: Mapping[int, Answer]
    """Beside those of every route: 401, 403 and 429."""
    body: type[BaseModel] | None = None
    is_body_optional: bool = False
    query: Mapping[str, str] = field(default_factory=dict)
    """Descriptions by name."""

    needs: Role | None = None
    """None: to look is enough for a GET."""

    @property
    def role(self) -> Role:
        """Return who may ask."""
        if self.needs is not None:
            return self.needs
        return Role.READ if self.method == "GET" else Role.OPERATE

    @property
    def whole_path(self) -> str:
        """Return the path as it is asked for."""
        return V1 + self.path
