"""Metrics of calls, made of their facts.

No label carries a call id or a telephone number: plans, agents and tools are named by files of
ours, but for tools of MCP servers, of which there are only so many; results, reasons and codes are
closed lists. Processes share them through files
in ``PROMETHEUS_MULTIPROC_DIR``, set before this module is imported.
"""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import Counter, Gauge, Histogram

from sipagent.calls import facts

from .few_values import FewValues

VOICE_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
STOP_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5)
RING_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0)
CALL_SECONDS = (1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600)

CALLS = Counter("sipagent_calls", "Calls by plan, result and reason.", ["plan", "result", "reason"])
CALLS_IN_PROGRESS = Gauge(
    "sipagent_calls_in_progress", "Calls there are now.", multiprocess_mode="livesum"
)
CALL_DURATION = Histogram(
    "sipagent_call_duration_seconds", "From answer to end.", ["plan"], buckets=CALL_SECONDS
)
ANSWER = Histogram(
    "sipagent_answer_seconds", "From INVITE to 200.", ["plan"], buckets=VOICE_SECONDS
)
RING = Histogram(
    "sipagent_ring_seconds",
    "From our INVITE to the callee's 200.",
    ["plan"],
    buckets=RING_SECONDS,
)
CALLEES = Counter(
    "sipagent_callees", "Who answered the calls that we placed, by plan and kind.", ["plan", "kind"]
)
CONNECT = Histogram(
    "sipagent_session_connect_seconds",
    "From connecting to the endpoint's confirmation of our session.",
    buckets=VOICE_SECONDS,
)
RECONNECTS = Counter(
    "sipagent_realtime_reconnects", "Sessions that took over in mid-call.", ["reason"]
)
OUTAGE = Histogram(
    "sipagent_realtime_outage_seconds",
    "From the loss of a session to the one that took over.",
    buckets=VOICE_SECONDS,
)
TURN_GAP = Histogram(
    "sipagent_turn_gap_seconds",
    "From the caller's last word to the agent's first sound.",
    ["plan", "agent"],
    buckets=VOICE_SECONDS,
)
FIRST_SOUND = Histogram(
    "sipagent_first_sound_seconds",
    "From 200 to the first sound of an agent, per call.",
    ["plan"],
    buckets=VOICE_SECONDS,
)
BARGE_INS = Counter(
    "sipagent_barge_ins", "Times a caller interrupted the agent.", ["plan", "agent"]
)
HEARD = Counter("sipagent_agent_heard_seconds", "How long agents were heard.", ["plan", "agent"])
BARGE_IN_STOP = Histogram(
    "sipagent_barge_in_stop_seconds",
    "From the barge-in event to the last voiced frame handed to the leg.",
    buckets=STOP_SECONDS,
)
TRUNCATE_ERROR = Histogram(
    "sipagent_truncate_error_seconds",
    "Between the position the endpoint confirmed and what the leg got.",
    buckets=STOP_SECONDS,
)
GUARDRAIL_TRIPS = Counter(
    "sipagent_guardrail_trips", "Answers that guardrails stopped.", ["plan", "guardrail"]
)
BLOCKED_HEARD = Histogram(
    "sipagent_guardrail_heard_seconds",
    "Of a stopped answer, what was heard before the check came back.",
    ["plan"],
    buckets=VOICE_SECONDS,
)
HOLD = Histogram(
    "sipagent_hold_seconds",
    "How long the other side had a call on hold.",
    ["plan"],
    buckets=CALL_SECONDS,
)
HANDOFFS = Counter(
    "sipagent_handoffs", "Handoffs between agents.", ["plan", "from_agent", "to_agent"]
)
MESSAGES = Counter("sipagent_messages", "Messages that agents took.", ["plan"])
MESSAGE_DELIVERIES = Counter(
    "sipagent_message_deliveries", "Messages that were to go somewhere.", ["outcome"]
)
TOOL_CALLS = Counter("sipagent_tool_calls", "Tool calls.", ["plan", "tool", "outcome"])
TOOL_DURATION = Histogram(
    "sipagent_tool_duration_seconds", "Time tools took.", ["plan", "tool"], buckets=VOICE_SECONDS
)
_TOOLS = FewValues(500)
"""More than plans have: MCP servers name theirs themselves."""

TRANSFERS = Counter(
    "sipagent_transfers",
    "Transfers agents wanted, by what came of them.",
    ["plan", "mode", "outcome"],
)
TRANSFER_SECONDS = Histogram(
    "sipagent_transfer_seconds",
    "From REFER, or our call to the target, to the outcome.",
    ["plan", "mode"],
    buckets=CALL_SECONDS,
)
FRAMES_STARVED = Counter(
    "sipagent_frames_starved", "Frames in which an unfinished answer had nothing to play."
)
FRAMES_DROPPED = Counter(
    "sipagent_frames_dropped", "Caller frames dropped because the session did not take them."
)
RTP_PACKETS = Counter("sipagent_rtp_packets", "RTP packets.", ["direction"])
RTP_LOST = Counter("sipagent_rtp_packets_lost", "RTP packets lost.", ["direction"])
RTP_JITTER = Histogram(
    "sipagent_rtp_jitter_seconds",
    "Mean interarrival jitter of inbound RTP, per call.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
)
LINE_MOS = Histogram(
    "sipagent_line_mos",
    "How a line sounded, estimated by ITU-T G.107, per call.",
    ["direction"],
    buckets=(1.5, 2.0, 2.5, 3.0, 3.5, 3.8, 4.0, 4.2, 4.3, 4.4),
)
SILENCES = Counter("sipagent_silences", "Silent calls, by why they were.", ["plan", "cause"])
TOKENS = Counter("sipagent_tokens", "Tokens of the speech model.", ["plan", "direction"])
ERRORS = Counter("sipagent_errors", "Errors the endpoint reported, by code.", ["code"])

INTEROP = Counter(
    "sipagent_interop_findings", "Unusual things about INVITEs, refused ones too.", ["finding"]
)

KNOWN_CODES = frozenset(
    {
        "invalid_value",
        "unknown_parameter",
        "missing_required_parameter",
        "invalid_type",
        "session_expired",
        "rate_limit_exceeded",
        "insufficient_quota",
        "invalid_api_key",
        "model_not_found",
        "server_error",
        "invalid_request_error",
    }
)
"""Codes that are labels; every other counts as ``other``."""

NO_PLAN = "none"


@dataclass(slots=True)
class _Call:
    plan: str = NO_PLAN
    is_outgoing: bool = False
    kind: str = ""
    """Who answered, if we called."""
    agent: str = ""
    """Who speaks for us."""
    answered_at: float | None = None
    """None: not answered, or an agent was heard since."""


class MetricsObserver:
    """Count what is told of calls."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Count ``fact``."""
        call = self._calls.setdefault(call_id, _Call())
        match fact:
            case facts.CallOffered(direction=direction):
                CALLS_IN_PROGRESS.inc()
                call.is_outgoing = direction == "outgoing"
            case facts.CallRouted(plan=plan, agent=agent):
                call.plan, call.agent = plan, agent
            case facts.SessionOpened(connect_ms=connect_ms):
                CONNECT.observe(connect_ms / 1000)
            case facts.SessionReplaced(reason=reason, outage_ms=outage_ms):
                RECONNECTS.labels(reason).inc()
                if reason == "lost":
                    OUTAGE.observe(outage_ms / 1000)
            case facts.CallAnswered(answer_ms=answer_ms):
                waited = RING if call.is_outgoing else ANSWER
                waited.labels(call.plan).observe(answer_ms / 1000)
                call.answered_at = at
            case facts.CalleeDetected(kind=kind):
                call.kind = kind
            case facts.ErrorReported(code=code):
                ERRORS.labels(code if code in KNOWN_CODES else "other").inc()
            case facts.UsageReported(input_tokens=input_tokens, output_tokens=output_tokens):
                TOKENS.labels(call.plan, "input").inc(input_tokens)
                TOKENS.labels(call.plan, "output").inc(output_tokens)
            case facts.LineMeasured():
                _count_line(fact)
            case facts.CallEnded(termination=end, duration_ms=duration_ms):
                CALLS_IN_PROGRESS.dec()
                CALLS.labels(call.plan, end.result.value, end.reason.value).inc()
                if duration_ms:
                    CALL_DURATION.labels(call.plan).observe(duration_ms / 1000)
                if call.kind:
                    CALLEES.labels(call.plan, call.kind).inc()
                del self._calls[call_id]
            case _:
                _count_turn(call, fact, at)


def count_delivery(arrived: bool) -> None:
    """Count what became of a message that was to go somewhere."""
    MESSAGE_DELIVERIES.labels("delivered" if arrived else "failed").inc()


def _count_turn(call: _Call, fact: facts.Fact, at: float) -> None:
    match fact:
        case facts.AgentSoundStarted(agent=agent, gap_ms=gap_ms):
            if call.answered_at is not None:
                FIRST_SOUND.labels(call.plan).observe(max(0.0, at - call.answered_at))
                call.answered_at = None
            if gap_ms is not None:
                TURN_GAP.labels(call.plan, agent).observe(max(0, gap_ms) / 1000)
        case facts.AgentSaid(agent=agent, heard_ms=heard_ms):
            HEARD.labels(call.plan, agent).inc(max(0, heard_ms) / 1000)
        case facts.BargedIn(stop_ms=stop_ms):
            BARGE_INS.labels(call.plan, call.agent).inc()
            if stop_ms is not None:
                BARGE_IN_STOP.observe(stop_ms / 1000)
        case facts.AgentChanged(from_agent=from_agent, to_agent=to_agent):
            HANDOFFS.labels(call.plan, from_agent, to_agent).inc()
            call.agent = to_agent
        case _:
            _count_by_plan(call.plan, fact)


def _count_by_plan(plan: str, fact: facts.Fact) -> None:
    match fact:
        case facts.TruncateConfirmed(error_ms=error_ms):
            TRUNCATE_ERROR.observe(abs(error_ms) / 1000)
        case facts.AnswerBlocked(guardrail=guardrail, heard_ms=heard_ms):
            GUARDRAIL_TRIPS.labels(plan, guardrail).inc()
            BLOCKED_HEARD.labels(plan).observe(heard_ms / 1000)
        case facts.CallResumed(held_ms=held_ms):
            HOLD.labels(plan).observe(held_ms / 1000)
        case facts.SilenceNamed(cause=cause):
            SILENCES.labels(plan, cause).inc()
        case facts.MessageTaken():
            MESSAGES.labels(plan).inc()
        case facts.ToolCalled(name=name, failed=failed, duration_ms=duration_ms):
            tool = _TOOLS.of(name)
            TOOL_CALLS.labels(plan, tool, "failed" if failed else "ok").inc()
            TOOL_DURATION.labels(plan, tool).observe(duration_ms / 1000)
        case facts.TransferEnded(mode=mode, outcome=outcome, ms=ms):
            TRANSFERS.labels(plan, mode, outcome).inc()
            if ms:  # else it was only wanted
                TRANSFER_SECONDS.labels(plan, mode).observe(ms / 1000)
        case facts.InteropFound(names=names):
            for name in names:
                INTEROP.labels(name).inc()
        case _:
            pass


def _count_line(line: facts.LineMeasured) -> None:
    FRAMES_STARVED.inc(line.frames_starved)
    FRAMES_DROPPED.inc(line.frames_dropped)
    RTP_PACKETS.labels("inbound").inc(line.packets_in)
    RTP_PACKETS.labels("outbound").inc(line.packets_out)
    RTP_LOST.labels("inbound").inc(line.lost_in)
    RTP_LOST.labels("outbound").inc(line.lost_out)
    for direction, mos in (("inbound", line.mos_in), ("outbound", line.mos_out)):
        if mos is not None:
            LINE_MOS.labels(direction).observe(mos)
    if line.packets_in:
        RTP_JITTER.observe(line.jitter_ms / 1000)
