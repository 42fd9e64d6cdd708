"""Facts become figures: each fact moves its own, by the right amount."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.calls import facts
from sipagent.calls.facts import Fact
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.ops.metrics import KNOWN_CODES, MetricsObserver

from .conftest import Value
from .script import CALL, tell_all

OFFERED = facts.CallOffered("incoming", "sip-1", "a", "b")
ROUTED = facts.CallRouted("plan", "Ada")
ENDED = facts.CallEnded(Termination(Result.FAILED, Reason.SESSION_LOST), 45_000)
LINE = facts.LineMeasured(
    packets_in=50,
    packets_out=60,
    lost_in=1,
    lost_out=2,
    jitter_ms=4.0,
    rtt_ms=20.0,
    mos_in=4.3,
    mos_out=4.1,
    frames_starved=3,
    frames_dropped=5,
)
PLAN = {"plan": "plan"}
AGENT = {"plan": "plan", "agent": "A"}


@pytest.mark.parametrize(
    ("fact", "name", "labels", "growth"),
    [
        (facts.SessionOpened(120), "sipagent_session_connect_seconds_sum", {}, 0.12),
        (
            facts.SessionReplaced("lost", 420),
            "sipagent_realtime_reconnects_total",
            {"reason": "lost"},
            1,
        ),
        (
            facts.SessionReplaced("expiry", 0),
            "sipagent_realtime_reconnects_total",
            {"reason": "expiry"},
            1,
        ),
        (facts.SessionReplaced("lost", 420), "sipagent_realtime_outage_seconds_sum", {}, 0.42),
        (facts.SessionReplaced("expiry", 0), "sipagent_realtime_outage_seconds_count", {}, 0),
        (facts.CallAnswered(400), "sipagent_answer_seconds_sum", PLAN, 0.4),
        (
            facts.TransferEnded("desk", "blind", "busy", 486, 900),
            "sipagent_transfer_seconds_sum",
            PLAN | {"mode": "blind"},
            0.9,
        ),
        (
            facts.TransferEnded("desk", "blind", "not_approved", 0, 0),
            "sipagent_transfer_seconds_count",
            PLAN | {"mode": "blind"},
            0,
        ),
        (facts.AgentSoundStarted("a", "A", 700), "sipagent_turn_gap_seconds_sum", AGENT, 0.7),
        (facts.AgentSoundStarted("a", "A", -5), "sipagent_turn_gap_seconds_count", AGENT, 1),
        (facts.AgentSoundStarted("a", "A", None), "sipagent_turn_gap_seconds_count", AGENT, 0),
        (facts.BargedIn("a", 300, 20), "sipagent_barge_ins_total", PLAN | {"agent": "Ada"}, 1),
        (
            facts.AgentSaid("a", "A", "x", "x", 1_500, False),
            *("sipagent_agent_heard_seconds_total", AGENT, 1.5),
        ),
        (facts.BargedIn("a", 300, 20), "sipagent_barge_in_stop_seconds_sum", {}, 0.02),
        (facts.BargedIn("a", 300, None), "sipagent_barge_ins_total", PLAN | {"agent": "Ada"}, 1),
        (facts.BargedIn("a", 300, None), "sipagent_barge_in_stop_seconds_count", {}, 0),
        (facts.CallResumed(4_000), "sipagent_hold_seconds_sum", PLAN, 4.0),
        (facts.TruncateConfirmed("a", -10), "sipagent_truncate_error_seconds_sum", {}, 0.01),
        (
            facts.AgentChanged("A", "B"),
            "sipagent_handoffs_total",
            {**PLAN, "from_agent": "A", "to_agent": "B"},
            1,
        ),
        (
            facts.ToolCalled("t", "hours", "{}", "", False, 250),
            "sipagent_tool_calls_total",
            {**PLAN, "tool": "hours", "outcome": "ok"},
            1,
        ),
        (
            facts.ToolCalled("t", "hours", "{}", "", True, 250),
            "sipagent_tool_calls_total",
            {**PLAN, "tool": "hours", "outcome": "failed"},
            1,
        ),
        (
            facts.ToolCalled("t", "hours", "{}", "", True, 250),
            "sipagent_tool_duration_seconds_sum",
            {**PLAN, "tool": "hours"},
            0.25,
        ),
        (facts.UsageReported(70, 110), "sipagent_tokens_total", PLAN | {"direction": "input"}, 70),
        (
            facts.UsageReported(70, 110),
            "sipagent_tokens_total",
            PLAN | {"direction": "output"},
            110,
        ),
        (LINE, "sipagent_frames_starved_total", {}, 3),
        (LINE, "sipagent_line_mos_sum", {"direction": "inbound"}, 4.3),
        (LINE, "sipagent_line_mos_sum", {"direction": "outbound"}, 4.1),
        (
            facts.SilenceNamed("no_rtp", "no RTP"),
            "sipagent_silences_total",
            PLAN | {"cause": "no_rtp"},
            1,
        ),
        (LINE, "sipagent_frames_dropped_total", {}, 5),
        (LINE, "sipagent_rtp_packets_total", {"direction": "inbound"}, 50),
        (LINE, "sipagent_rtp_packets_total", {"direction": "outbound"}, 60),
        (LINE, "sipagent_rtp_packets_lost_total", {"direction": "inbound"}, 1),
        (LINE, "sipagent_rtp_packets_lost_total", {"direction": "outbound"}, 2),
        (LINE, "sipagent_rtp_jitter_seconds_sum", {}, 0.004),
        (facts.LineMeasured(), "sipagent_rtp_jitter_seconds_count", {}, 0),
        (
            ENDED,
            "sipagent_calls_total",
            {**PLAN, "result": "failed", "reason": "session_lost"},
            1,
        ),
        (ENDED, "sipagent_call_duration_seconds_sum", PLAN, 45),
        (ENDED, "sipagent_calls_in_progress", {}, -1),
    ],
)
def test_each_fact_moves_its_figure(
    grown: Value, fact: Fact, name: str, labels: dict[str, str], growth: float
) -> None:
    observer = MetricsObserver()
    observer.tell("c1", ROUTED, at=0.0)
    observer.tell("c1", fact, at=1.0)
    assert grown(name, **labels) == pytest.approx(growth)


def test_a_call_is_in_progress_from_its_offer_to_its_end(grown: Value) -> None:
    observer = MetricsObserver()
    observer.tell("c1", OFFERED, at=0.0)
    assert grown("sipagent_calls_in_progress") == 1
    observer.tell("c1", ENDED, at=1.0)
    assert grown("sipagent_calls_in_progress") == 0


def test_a_call_that_no_plan_took_counts_without_a_plan(grown: Value) -> None:
    refused = facts.CallEnded(Termination(Result.REFUSED, Reason.NO_ROUTE), 0)
    tell_all(MetricsObserver(), "c1", [OFFERED, refused])
    labels = {"plan": "none", "result": "refused", "reason": "no_route"}
    assert grown("sipagent_calls_total", **labels) == 1
    assert grown("sipagent_call_duration_seconds_count", plan="none") == 0


def test_two_calls_at_once_count_for_their_own_plans(grown: Value) -> None:
    observer = MetricsObserver()
    observer.tell("c1", facts.CallRouted("day", "Ada"), at=0.0)
    observer.tell("c2", facts.CallRouted("night", "Bob"), at=0.0)
    observer.tell("c1", facts.BargedIn("a", 1, 1), at=0.0)
    assert grown("sipagent_barge_ins_total", plan="day", agent="Ada") == 1
    assert grown("sipagent_barge_ins_total", plan="night", agent="Bob") == 0


def test_the_first_sound_of_a_call_counts_once_from_its_answer(grown: Value) -> None:
    observer = MetricsObserver()
    observer.tell("c1", facts.CallRouted("plan", "A"), at=0.0)
    observer.tell("c1", facts.CallAnswered(400), at=1.0)
    observer.tell("c1", facts.AgentSoundStarted("a", "A", None), at=1.3)
    observer.tell("c1", facts.AgentSoundStarted("b", "A", 700), at=9.0)
    assert grown("sipagent_first_sound_seconds_count", plan="plan") == 1
    assert grown("sipagent_first_sound_seconds_sum", plan="plan") == pytest.approx(0.3)


def test_after_a_handoff_the_next_agent_is_interrupted(grown: Value) -> None:
    observer = MetricsObserver()
    observer.tell("c1", facts.CallRouted("plan", "A"), at=0.0)
    observer.tell("c1", facts.AgentChanged("A", "B"), at=1.0)
    observer.tell("c1", facts.BargedIn("a", 300, 20), at=2.0)
    assert grown("sipagent_barge_ins_total", plan="plan", agent="B") == 1
    assert grown("sipagent_barge_ins_total", plan="plan", agent="A") == 0


@pytest.mark.parametrize(
    ("code", "label"),
    [("server_error", "server_error"), ("a code of tomorrow", "other"), ("", "other")],
)
def test_a_code_nobody_knows_is_other(grown: Value, code: str, label: str) -> None:
    MetricsObserver().tell("c1", facts.ErrorReported(code, "?"), at=0.0)
    assert grown("sipagent_errors_total", code=label) == 1
    assert label == "other" or label in KNOWN_CODES


def test_nothing_of_a_call_is_kept_when_it_is_over() -> None:
    observer: Any = MetricsObserver()
    tell_all(observer, "c1", CALL)
    assert observer._calls == {}
