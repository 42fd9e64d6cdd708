"""What the admin API answers with about dialplans; see ``api_shapes``."""

from __future__ import annotations

from typing import Literal

from .api_shapes import Shape, Time


class Problem(Shape):
    """Something that is wrong with the files of the plans."""

    file: str
    line: int
    key: str
    text: str
    severity: str


class PlansState(Shape):
    """Which plans are in use, and what is wrong with what is not."""

    version: int
    sha: str
    loaded_at: Time
    is_current: bool
    is_rolled_back: bool
    problems: list[Problem]


class PlanShown(Shape):
    """One plan."""

    name: str
    file: str
    called: list[str]
    priority: int
    agents: list[str]
    targets: list[str]
    """Names of where callers may be transferred; who that is, is not told."""


class VersionShown(Shape):
    """One version of them."""

    version: int
    sha: str
    loaded_at: Time
    plans: list[str]


class Plans(PlansState):
    """All of it."""

    plans: list[PlanShown]
    versions: list[VersionShown]


class PlansLoaded(Plans):
    """What became of a wish to load."""

    outcome: Literal["loaded", "broken", "failed", "rolled_back"]


class PlansChecked(Shape):
    """What is wrong with files."""

    is_right: bool
    problems: list[Problem]


class ReroutedCall(Shape):
    """A past call that the files would route differently."""

    call_id: str
    at: Time
    called: str
    caller: str
    was: str
    now: str
    why: str


class PlansReplayed(Shape):
    """What the files would have made of past calls."""

    calls: int
    rerouted: list[ReroutedCall]
