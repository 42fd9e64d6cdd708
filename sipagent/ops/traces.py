"""Traces: a span per call, turn, tool and handoff, for OpenTelemetry (OTLP over HTTP).

Made of the same facts as everything else. Nothing that was said is in them, and no telephone
number; names are those of files of ours. Attributes of tokens follow the semantic conventions for
generative AI.

A call's span lasts from INVITE to its end; the session's set-up, turns, tools and handoffs are
below it. A turn begins with the caller's voice, or with the agent's if nobody had asked, and ends
when what the agent said of it was heard, or was cut off.

| resource          | acquired   | released | on failure                              |
|-------------------|------------|----------|-----------------------------------------|
| exporter's thread | ``__init__``| ``close``| spans are lost, which the log says once |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from sipagent.calls import facts
from sipagent.calls.termination import Result
from sipagent.errors import ConfigError

from .clock import unix_time
from .settings import TraceSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

FLUSH_LIMIT_MS = 2_000
"""How long the last spans may take when the process ends."""


Noted: TypeAlias = Mapping[str, str | int | bool]
"""Attributes of a span or of an event in one."""


@dataclass(slots=True)
class _Call:
    span: Span
    turn: Span | None = None
    routed_at: float = 0.0
    tokens: dict[str, int] = field(default_factory=dict)


class CallTracer:
    """Make spans of what is told of calls.

    Args:
        tracer: Takes the spans.
        unix_offset_s: What ``at`` of a fact is to be added to, for Unix seconds.
    """

    def __init__(self, tracer: Tracer, unix_offset_s: float) -> None:
        self._tracer, self._offset_s = tracer, unix_offset_s
        self._calls: dict[str, _Call] = {}

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Note ``fact``."""
        call = self._calls.get(call_id)
        if call is None:
            span = self._span(None, "call", at, {"sipagent.call_id": call_id})
            call = self._calls[call_id] = _Call(span)
        self._note(call, fact, at)
        if isinstance(fact, facts.CallEnded):
            self._end_turn(call, at)
            self._end(call.span, at)
            del self._calls[call_id]

    def _note(self, call: _Call, fact: facts.Fact, at: float) -> None:
        match fact:
            case facts.CallOffered():
                call.span.set_attribute("sipagent.direction", fact.direction)
                call.span.set_attribute("sip.call_id", fact.sip_call_id)
            case facts.CallRouted(plan=plan, agent=agent):
                call.routed_at = at
                call.span.update_name(f"call {plan}")
                call.span.set_attributes({"sipagent.plan": plan, "sipagent.agent": agent})
            case facts.SessionOpened(connect_ms=connect_ms):
                self._closed(call, "session set-up", at - connect_ms / 1000, at, {})
            case facts.CallAnswered(codec=codec, answer_ms=answer_ms):
                noted: Noted = {"sipagent.codec": codec, "sipagent.answer_ms": answer_ms}
                call.span.add_event("answered", noted, self._ns(at))
            case facts.SessionLost():
                call.span.add_event("session lost", None, self._ns(at))
            case facts.SessionReplaced(reason=reason, outage_ms=outage_ms):
                started = at - outage_ms / 1000
                self._closed(call, "session replaced", started, at, {"sipagent.reason": reason})
            case facts.ToolCalled():
                self._tool(call, fact, at)
            case facts.AgentChanged(from_agent=old, to_agent=new):
                agents = {"sipagent.from_agent": old, "sipagent.to_agent": new}
                self._closed(call, f"handoff {new}", at, at, agents)
            case facts.UsageReported(input_tokens=given, output_tokens=made):
                for name, tokens in (("input", given), ("output", made)):
                    total = call.tokens[name] = call.tokens.get(name, 0) + tokens
                    call.span.set_attribute(f"gen_ai.usage.{name}_tokens", total)
            case facts.CallEnded(termination=end, duration_ms=duration_ms):
                call.span.set_attributes(
                    {
                        "sipagent.result": end.result.value,
                        "sipagent.reason": end.reason.value,
                        "sip.status": end.sip_status,
                        "sipagent.duration_ms": duration_ms,
                    }
                )
                if end.result is Result.FAILED:
                    self._fail(call.span, end.reason.value)
            case _:
                self._note_turn(call, fact, at)

    def _note_turn(self, call: _Call, fact: facts.Fact, at: float) -> None:
        match fact:
            case facts.CallerSpeechStarted():
                if call.turn is None:
                    call.turn = self._span(call.span, "turn", at, {"sipagent.who": "caller"})
            case facts.CallerSpeechStopped():
                if call.turn is not None:
                    call.turn.add_event("caller stopped", None, self._ns(at))
            case facts.AgentSoundStarted(agent=agent, gap_ms=gap_ms):
                if call.turn is None:
                    call.turn = self._span(call.span, "turn", at, {"sipagent.who": "agent"})
                gap: Noted = {} if gap_ms is None else {"sipagent.turn_gap_ms": gap_ms}
                noted: Noted = {"sipagent.agent": agent, **gap}
                call.turn.add_event("agent heard", noted, self._ns(at))
                call.turn.set_attributes(noted)
            case facts.BargedIn(heard_ms=heard_ms):
                if call.turn is not None:
                    noted = {"sipagent.heard_ms": heard_ms}
                    call.turn.add_event("barge-in", noted, self._ns(at))
            case facts.AnswerBlocked(guardrail=guardrail):
                if call.turn is not None:
                    noted = {"sipagent.guardrail": guardrail}
                    call.turn.add_event("answer blocked", noted, self._ns(at))
            case facts.AgentSaid(heard_ms=heard_ms, interrupted=interrupted):
                if call.turn is not None:
                    call.turn.set_attributes(
                        {"sipagent.heard_ms": heard_ms, "sipagent.interrupted": interrupted}
                    )
                self._end_turn(call, at)
            case _:
                pass

    def _tool(self, call: _Call, fact: facts.ToolCalled, at: float) -> None:
        under = call.turn if call.turn is not None else call.span
        span = self._span(
            under,
            f"tool {fact.name}",
            at - fact.duration_ms / 1000,
            {"gen_ai.tool.name": fact.name, "gen_ai.tool.call.id": fact.tool_call_id},
        )
        if fact.failed:
            self._fail(span, "failed")
        self._end(span, at)

    def _span(self, under: Span | None, name: str, at: float, noted: Noted) -> Span:
        from opentelemetry.context import Context  # noqa: PLC0415 - an extra
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415

        context = Context() if under is None else set_span_in_context(under, Context())
        return self._tracer.start_span(
            name, context, attributes=dict(noted), start_time=self._ns(at)
        )

    def _closed(self, call: _Call, name: str, started: float, ended: float, noted: Noted) -> None:
        self._end(self._span(call.span, name, started, noted), ended)

    def _end_turn(self, call: _Call, at: float) -> None:
        if call.turn is not None:
            self._end(call.turn, at)
            call.turn = None

    def _end(self, span: Span, at: float) -> None:
        span.end(self._ns(at))

    def _fail(self, span: Span, why: str) -> None:
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - an extra

        span.set_status(Status(StatusCode.ERROR, why))

    def _ns(self, at: float) -> int:
        return int((at + self._offset_s) * 1e9)


class Traces:
    """Send the traces of a process's calls; without an endpoint, nothing.

    Raises:
        ConfigError: If the packages are not installed.
    """

    def __init__(self, settings: TraceSettings) -> None:
        self._provider: TracerProvider | None = None
        self._tracer: CallTracer | None = None
        if settings.endpoint:
            self._provider = _provider(settings)
            offset_s = unix_time() - monotonic()
            self._tracer = CallTracer(self._provider.get_tracer("sipagent"), offset_s)

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Note ``fact``."""
        if self._tracer is not None:
            self._tracer.tell(call_id, fact, at=at)

    def close(self) -> None:
        """Send what is left, within 2 s; blocks."""
        provider, self._provider = self._provider, None
        if provider is not None:
            provider.force_flush(FLUSH_LIMIT_MS)
            provider.shutdown()


def _provider(settings: TraceSettings) -> TracerProvider:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import TraceIdRatioBased  # noqa: PLC0415
    except ImportError:
        text = 'needs packages that are not installed: pip install "sipagent[otel]"'
        raise ConfigError(text, where="traces.endpoint") from None
    provider = TracerProvider(
        resource=Resource.create({"service.name": settings.service_name}),
        sampler=TraceIdRatioBased(settings.sample_ratio),
    )
    url = settings.endpoint.rstrip("/") + "/v1/traces"
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    exporter = OTLPSpanExporter(url, headers=headers, timeout=FLUSH_LIMIT_MS // 1000)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
