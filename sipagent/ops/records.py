"""The call record (CDR): one JSON line per call, written when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from sipagent.calls import facts

from .json_lines import append_line
from .store.call_json import record_of


@dataclass(slots=True)
class CallRecord:
    """What is written of one call; the keys of the line."""

    call_id: str
    started_at: str
    direction: str = "incoming"
    sip_call_id: str = ""
    realtime_call_id: str = ""
    """The provider's, of a call that its own connector answered."""
    called: str = ""
    caller: str = ""
    asserted_caller: str = ""
    diverted_from: str = ""
    source_address: str = ""
    plan: str = ""
    plan_version: int = 0
    """Of all plans together, when the call began."""
    plan_sha: str = ""
    agents: list[str] = field(default_factory=list)
    """In order of appearance."""
    codec: str = ""
    transport: str = ""
    srtp: str = ""
    callee: dict[str, Any] = field(default_factory=dict)
    """Who answered a call of ours."""
    interop: list[str] = field(default_factory=list)
    """What was unusual about the INVITE."""
    answer_ms: int | None = None
    connect_ms: int | None = None
    duration_ms: int = 0
    result: str = ""
    reason: str = ""
    detail: str = ""
    sip_status: int = 0
    turns: list[dict[str, Any]] = field(default_factory=list)
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    handoffs: list[dict[str, str]] = field(default_factory=list)
    barge_ins: list[dict[str, int]] = field(default_factory=list)
    blocked: list[dict[str, Any]] = field(default_factory=list)
    """Answers that guardrails stopped."""
    reconnects: list[dict[str, Any]] = field(default_factory=list)
    """Sessions that took over in mid-call."""
    holds: list[dict[str, int]] = field(default_factory=list)
    """Times the other side had the call on hold."""
    transfers: list[dict[str, Any]] = field(default_factory=list)
    """What came of each wish to transfer the caller."""
    operator: list[dict[str, Any]] = field(default_factory=list)
    """What people on duty had done."""
    digits: str = ""
    digits_sent: str = ""
    """By agents."""
    collected: list[dict[str, Any]] = field(default_factory=list)
    """Numbers that agents asked for."""
    messages: list[dict[str, str]] = field(default_factory=list)
    """That agents took."""
    notes: list[dict[str, str]] = field(default_factory=list)
    """That they made."""
    errors: list[dict[str, str]] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0
    line: dict[str, Any] = field(default_factory=dict)
    silences: list[dict[str, Any]] = field(default_factory=list)
    """Why the call was silent, and for how long."""
    recording: dict[str, Any] = field(default_factory=dict)
    """Empty when nothing was recorded."""
    extra: dict[str, str] = field(default_factory=dict)

    def take(self, fact: facts.Fact) -> None:
        """Add one fact."""
        match fact:
            case facts.CallOffered():
                self.direction, self.sip_call_id = fact.direction, fact.sip_call_id
                self.called, self.caller = fact.called, fact.caller
                self.source_address = fact.source_address
                self.asserted_caller, self.diverted_from = fact.asserted_caller, fact.diverted_from
                self.realtime_call_id = fact.realtime_call_id
            case facts.InteropFound(names=names):
                self.interop = list(names)
            case facts.CallRouted(plan=plan, agent=agent):
                self.plan = plan
                self.plan_version, self.plan_sha = fact.plan_version, fact.plan_sha
                if agent and agent not in self.agents[-1:]:  # a refused call has none
                    self.agents.append(agent)
            case facts.SessionOpened(connect_ms=connect_ms):
                self.connect_ms = connect_ms if self.connect_ms is None else self.connect_ms
            case facts.SessionReplaced():
                self.reconnects.append(asdict(fact))
            case facts.CallAnswered():
                self.answer_ms, self.codec = fact.answer_ms, fact.codec
                self.transport, self.srtp = fact.transport, fact.srtp
            case facts.CalleeDetected():
                self.callee = asdict(fact)
            case facts.LineMeasured():
                self.line = asdict(fact)
            case facts.SilenceNamed():
                self.silences.append({**asdict(fact), "silent_ms": None})
            case facts.SilenceOver(cause=cause, silent_ms=silent_ms):
                named = [each for each in self.silences if each["cause"] == cause]
                named[-1]["silent_ms"] = silent_ms
            case facts.CallRecorded():
                self.recording = asdict(fact)
            case facts.CallEnded(termination=end):
                self.result, self.reason = end.result.value, end.reason.value
                self.detail, self.sip_status = end.detail, end.sip_status
                self.duration_ms, self.extra = fact.duration_ms, dict(fact.extra)
            case _:
                self._take_turn(fact)

    def _take_turn(self, fact: facts.Fact) -> None:
        match fact:
            case facts.CallerSaid(text=text):
                self.turns.append({"who": "caller", "said": text})
            case facts.AgentSaid():
                self.turns.append(
                    {
                        "who": fact.agent,
                        "said": fact.said,
                        "heard": fact.heard,
                        "heard_ms": fact.heard_ms,
                        "interrupted": fact.interrupted,
                    }
                )
            case facts.AnswerBlocked(guardrail=guardrail):
                heard_ms, held_ms = fact.heard_ms, fact.held_ms
                self.blocked.append(
                    {"guardrail": guardrail, "heard_ms": heard_ms, "held_ms": held_ms}
                )
            case facts.AgentChanged(from_agent=old, to_agent=new):
                self.handoffs.append({"from": old, "to": new})
                self.agents.append(new)
            case facts.ToolCalled():
                self.tool_calls.append(asdict(fact))
            case facts.BargedIn(heard_ms=heard_ms, stop_ms=stop_ms):
                known = {} if stop_ms is None else {"stop_ms": stop_ms}
                self.barge_ins.append({"heard_ms": heard_ms, **known})
            case facts.CallResumed(held_ms=held_ms):
                self.holds.append({"held_ms": held_ms})
            case facts.ErrorReported(code=code, message=message):
                self.errors.append({"code": code, "message": message})
            case facts.UsageReported(input_tokens=input_tokens, output_tokens=output_tokens):
                self.input_tokens += input_tokens
                self.output_tokens += output_tokens
            case _:
                self._take_act(fact)

    def _take_act(self, fact: facts.Fact) -> None:
        match fact:
            case facts.TransferEnded():
                self.transfers.append(asdict(fact))
            case facts.OperatorActed():
                self.operator.append(asdict(fact))
            case facts.DigitPressed(digit=digit):
                self.digits += digit
            case facts.DigitsSent(digits=digits):
                self.digits_sent += digits
            case facts.DigitsCollected():
                self.collected.append(asdict(fact))
            case facts.MessageTaken():
                self.messages.append(asdict(fact))
            case facts.NoteTaken():
                self.notes.append(asdict(fact))
            case _:
                pass


BeginningOf: TypeAlias = Callable[[str], dict[str, Any] | None]
"""Returns what a process before this one had written of a call, with the keys of its record and
more; None: nothing."""

WITHOUT_BEGINNING = {"lacks": "beginning"}
"""What is in ``extra`` of a call that was taken up again and of which nothing was written before:
its line is a continuation."""


def nothing_before(_: str) -> None:
    """Know of no call that another process had before."""


class RecordWriter:
    """Write the record of each call when it ends.

    Args:
        path: The file of JSON lines.
        clock: Wall clock, with a time zone.
        beginning_of: Returns what a process before this one had written of a call.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], datetime],
        beginning_of: BeginningOf = nothing_before,
    ) -> None:
        self._path, self._clock, self._beginning_of = path, clock, beginning_of
        self._records: dict[str, CallRecord] = {}

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Note ``fact``."""
        record = self._records.get(call_id)
        if record is None:
            record = self._records[call_id] = self._begin(call_id)
        record.take(fact)
        if isinstance(fact, facts.CallEnded):
            del self._records[call_id]
            if "resumed" in fact.extra and self._beginning_of(call_id) is None:
                record.extra |= WITHOUT_BEGINNING
            append_line(self._path, asdict(record))

    def _begin(self, call_id: str) -> CallRecord:
        begun = self._beginning_of(call_id)
        if begun is not None:
            return CallRecord(**record_of(begun))
        return CallRecord(call_id, self._clock().isoformat(timespec="milliseconds"))
