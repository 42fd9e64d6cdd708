"""Spans of calls, as a collector gets them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.ops.settings import TraceSettings
from sipagent.ops.traces import CallTracer, Traces

from .script import CALL, CALLED, CALLER, tell_all

START_S = 1_700_000_000.0


class Traced:
    """A tracer, and the spans that ended."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._provider = TracerProvider()
        self._provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = CallTracer(self._provider.get_tracer("test"), START_S)

    def tell(self, *told: facts.Fact, at: float = 0.0) -> None:
        tell_all(self.tracer, "c1", list(told), at=at)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]


def noted(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.fixture
def traced() -> Iterator[Traced]:
    made = Traced()
    yield made
    made._provider.shutdown()


def test_a_call_is_a_span_with_turns_tools_and_handoffs_below(traced: Traced) -> None:
    traced.tell(*CALL)
    (call,) = traced.named("call desk")
    assert call.parent is None
    assert noted(call)["sipagent.result"] == "completed"
    assert noted(call)["gen_ai.usage.input_tokens"] == 77
    names = {span.name for span in traced.spans}
    assert {"session set-up", "turn", "tool lookup", "handoff Billing"} <= names
    assert call.context is not None
    for name in ("turn", "handoff Billing", "session set-up", "session replaced"):
        for span in traced.named(name):
            assert span.parent is not None and span.parent.span_id == call.context.span_id
    (tool,) = traced.named("tool lookup")
    turns = [turn.context.span_id for turn in traced.named("turn") if turn.context is not None]
    assert tool.parent is not None and tool.parent.span_id in turns
    assert tool.start_time is not None and tool.end_time is not None
    assert tool.end_time - tool.start_time == pytest.approx(250e6, abs=1e6)


def test_times_are_those_of_the_facts(traced: Traced) -> None:
    traced.tell(facts.CallRouted("p", "A"), at=5.0)
    ended = facts.CallEnded(Termination(Result.FAILED, Reason.SESSION_LOST), 9_000)
    traced.tell(ended, at=14.0)
    (call,) = traced.spans
    assert call.start_time == pytest.approx((START_S + 5) * 1e9)
    assert call.end_time == pytest.approx((START_S + 14) * 1e9)
    assert (call.status.status_code.name, call.status.description) == ("ERROR", "session_lost")


def test_a_turn_says_how_long_the_caller_waited_and_what_was_heard(traced: Traced) -> None:
    traced.tell(
        facts.CallRouted("p", "A"),
        facts.CallerSpeechStarted("c"),
        facts.CallerSpeechStopped("c"),
        facts.AgentSoundStarted("a", "A", 640),
        facts.BargedIn("a", 300, 20),
        facts.AgentSaid("a", "A", "one two", "one", 300, True),
    )
    (turn,) = traced.named("turn")
    assert noted(turn) == {
        "sipagent.who": "caller",
        "sipagent.agent": "A",
        "sipagent.turn_gap_ms": 640,
        "sipagent.heard_ms": 300,
        "sipagent.interrupted": True,
    }
    assert [event.name for event in turn.events] == ["caller stopped", "agent heard", "barge-in"]


def test_nothing_that_was_said_is_in_them_and_no_number(traced: Traced) -> None:
    traced.tell(*CALL)
    text = "".join(span.to_json() for span in traced.spans)
    for secret in (CALLER, CALLED, "My number is", "Good morning", "found"):
        assert secret not in text


async def test_a_collector_gets_them_when_the_process_ends() -> None:
    got: list[Span] = []
    keys: list[str] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        keys.append(request.headers["X-Key"])
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            got.extend(span for scope in resource.scope_spans for span in scope.spans)
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        settings = TraceSettings.model_validate({"endpoint": url, "headers": {"X-Key": "k"}})
        traces = Traces(settings)
        tell_all(traces, "c1", CALL)
        await asyncio.to_thread(traces.close)
        traces.close()
    finally:
        await runner.cleanup()
    assert "call desk" in [span.name for span in got]
    assert len({span.trace_id for span in got}) == 1
    assert keys == ["k"]
    assert "SecretStr('**********')" in repr(settings)


async def test_a_collector_that_is_not_there_costs_no_call() -> None:

    traces = Traces(TraceSettings(endpoint="http://127.0.0.1:9"))
    tell_all(traces, "c1", CALL)
    async with asyncio.timeout(20):
        await asyncio.to_thread(traces.close)


def test_without_an_endpoint_nothing_is_made() -> None:
    traces = Traces(TraceSettings())
    tell_all(traces, "c1", CALL)
    traces.close()
