"""What the admin API answers with. Flat, and only ever added to: programs of others read it."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

Time: TypeAlias = str
"""UTC, ISO 8601, with milliseconds."""


class Shape(BaseModel):
    """An object of JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorText(Shape):
    """What went wrong, in words."""

    message: str


class Error(Shape):
    """A request that was not served."""

    error: ErrorText


class Done(Shape):
    """Something is being done on a call."""

    call_id: str


class RunningTool(Shape):
    """A tool that runs."""

    tool_call_id: str
    name: str
    started_at: Time


class Callee(Shape):
    """Who answered a call of ours."""

    kind: Literal["human", "machine", "fax"]
    greeting_ms: int
    beep_ms: int | None


class CallShown(Shape):
    """A call."""

    call_id: str
    direction: Literal["incoming", "outgoing"] = "incoming"
    state: Literal["dialling", "ringing", "talking", "held", "transferring", "bridged", "ended"] = (
        "ringing"
    )
    attached: bool = False
    plan: str = ""
    agent: str = ""
    caller: str = ""
    called: str = ""
    trunk: str = ""
    source_address: str = ""
    sip_call_id: str = ""
    realtime_call_id: str = ""
    started_at: Time = ""
    answered_at: Time | None = None
    ended_at: Time | None = None
    codec: str = ""
    floor: Literal["caller", "agent", "nobody"] = "nobody"
    turn_gap_ms: int | None = None
    tools: list[RunningTool] = []
    transfer_target: str = ""
    muted: list[Literal["inbound", "outbound"]] = []
    silence: str = ""
    callee: Callee | None = None
    mos_in: float | None = None
    mos_out: float | None = None
    loss_in_percent: float | None = None
    loss_out_percent: float | None = None
    jitter_ms: float | None = None
    rtt_ms: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    model: str = ""
    box: str = ""
    result: str | None = None
    reason: str | None = None
    detail: str = ""
    sip_status: int | None = None
    duration_ms: int | None = None


class TurnShown(Shape):
    """Something that was said."""

    seq: int
    at: Time
    who: Literal["caller", "agent", "operator"]
    agent: str = ""
    text: str = ""
    heard: str | None = None
    heard_ms: int | None = None
    interrupted: bool = False
    unfinished: bool = False
    """Its end was never told: the process died, or it is being said."""


class WholeCall(CallShown):
    """A call, with what was said."""

    transcript: list[TurnShown]
    record: dict[str, Any] | None = None
    """All that the store has of it, once it is over."""


class Calls(Shape):
    """Some calls."""

    calls: list[CallShown]
    next: str = ""
    """Of a list of past calls: the ``cursor`` of the page after it."""


class ApprovalShown(Shape):
    """A tool that waits for a person."""

    id: str
    call_id: str
    plan: str
    agent: str
    tool: str
    arguments: str
    asked_at: Time


class ApprovalsShown(Shape):
    """All that wait."""

    approvals: list[ApprovalShown]


class Decided(Shape):
    """What a person decided."""

    id: str
    state: Literal["approved", "rejected"]


class TrunkShown(Shape):
    """What is known of a trunk."""

    name: str
    state: str
    status: int | None
    reason: str
    expires_s: float | None
    retry_in_s: float | None
    told_at: Time


class TrunksShown(Shape):
    """All of them."""

    trunks: list[TrunkShown]


class FiguresOfDay(Shape):
    """What became of the calls of a plan on one day (UTC)."""

    day: str
    plan: str
    calls: int
    answered: int
    completed: int
    failed: int
    duration_ms: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    turn_gap_ms: int | None


class Figures(Shape):
    """Those of all days and plans."""

    figures: list[FiguresOfDay]


class DrainState(Shape):
    """Whether calls are taken."""

    draining: bool
    calls: int
    """That go on."""


class LogLevelsShown(Shape):
    """Packages of which more is logged, or less, than the configuration says."""

    levels: dict[str, str]


class AuditEntry(Shape):
    """A request that was to change something."""

    at: Time
    by: str
    source: str
    method: str
    path: str
    call_id: str
    what: dict[str, Any]
    status: int
    error: str


class AuditEntries(Shape):
    """The last of them, newest first."""

    entries: list[AuditEntry]


def defaults(shape: type[Shape]) -> dict[str, Any]:
    """Return what a shape says where nothing is known."""
    return {
        name: field.default for name, field in shape.model_fields.items() if not field.is_required()
    }
