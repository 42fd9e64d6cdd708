"""What is known of the calls there are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sipagent.calls import facts
from sipagent.ops.channel import DialAsked
from sipagent.ops.live_calls import KEPT_S, LiveCalls
from sipagent.ops.live_transcript import MAX_TURNS
from sipagent.ops.store.costs import Price

from .script import CALL
from .told import AT, ENDED, HOSTILE, OFFERED, told

ANSWERED = facts.CallAnswered(400, "PCMU", "udp", "")
ASKED = DialAsked("c", "+4930", "desk", "provider", "", None, (), {})


def live_calls() -> LiveCalls:
    """Return those of a box with one price."""
    return LiveCalls({"priced": Price(audio_in=10.0, per_minute=0.6)}, "gpt-realtime")


def after(*happened: facts.Fact) -> dict[str, Any]:
    """Return what is shown of a call on which this happened."""
    calls = live_calls()
    calls.told("w", told(OFFERED, *happened).facts)
    shown = calls.shown("c")
    assert shown is not None
    return shown


@pytest.mark.parametrize(
    ("happened", "state"),
    [
        ([], "ringing"),
        ([ANSWERED], "talking"),
        ([ANSWERED, facts.CallHeld()], "held"),
        ([ANSWERED, facts.CallHeld(), facts.CallResumed(5)], "talking"),
        ([ANSWERED, facts.TransferStarted("desk", "blind")], "transferring"),
        (
            [
                ANSWERED,
                facts.TransferStarted("desk", "attended"),
                facts.TransferEnded("desk", "attended", "busy", 486, 5),
            ],
            "talking",
        ),
        (
            [
                ANSWERED,
                facts.TransferStarted("desk", "attended"),
                facts.TransferEnded("desk", "attended", "bridged", 200, 5),
            ],
            "bridged",
        ),
        ([ANSWERED, facts.TransferStarted("desk", "blind"), facts.CallHeld()], "held"),
        ([ANSWERED, ENDED], "ended"),
        ([ANSWERED, ENDED, facts.CallHeld()], "ended"),
        ([facts.CalleeRang(183), ANSWERED, facts.CalleeRang(180)], "talking"),
    ],
)
def test_the_state_of_a_call_comes_of_its_facts(happened: list[facts.Fact], state: str) -> None:
    assert after(*happened)["state"] == state


@pytest.mark.parametrize(
    ("happened", "floor"),
    [
        ([], "nobody"),
        ([facts.CallerSpeechStarted("i")], "caller"),
        ([facts.CallerSpeechStarted("i"), facts.CallerSpeechStopped("i")], "nobody"),
        ([facts.AgentSoundStarted("a", "Agent", 300)], "agent"),
        ([facts.AgentSoundStarted("a", "Agent", 300), facts.CallerSpeechStarted("i")], "caller"),
        (
            [
                facts.AgentSoundStarted("a", "Agent", 300),
                facts.CallerSpeechStarted("i"),
                facts.AgentSaid("a", "Agent", "x y", "x", 100, True),
            ],
            "caller",
        ),
        (
            [
                facts.AgentSoundStarted("a", "Agent", 300),
                facts.AgentSaid("a", "Agent", "x", "x", 100, False),
            ],
            "nobody",
        ),
    ],
)
def test_who_has_the_floor_comes_of_its_facts(happened: list[facts.Fact], floor: str) -> None:
    assert after(ANSWERED, *happened)["floor"] == floor


def test_a_whole_call_is_shown_with_everything() -> None:
    calls = live_calls()
    calls.told("w", told(*CALL[:-1]).facts)
    shown = calls.shown("c") or {}
    assert {key: shown[key] for key in ("plan", "agent", "turn_gap_ms", "mos_in", "silence")} == {
        "plan": "desk",
        "agent": "Billing",
        "turn_gap_ms": 700,
        "mos_in": 4.3,
        "silence": "agent_silent",
    }
    assert (shown["loss_in_percent"], shown["loss_out_percent"]) == (1.96, 3.33)
    assert (shown["input_tokens"], shown["output_tokens"]) == (77, 121)
    assert (shown["tools"], shown["started_at"]) == ([], "2023-11-14T22:13:20.000+00:00")
    assert [(turn["who"], turn["text"], turn["heard"]) for turn in shown["transcript"]] == [
        ("agent", "Good morning.", "Good morning."),
        ("caller", "My number is +4930123456.", "My number is +4930123456."),
        ("agent", "one two three", "one"),
        ("operator", "say One moment.", None),
    ]
    assert shown["transcript"][-1]["agent"] == "duty"
    calls.told("w", told(CALL[-1]).facts)
    over = calls.shown("c") or {}
    assert (over["state"], over["result"], over["reason"], over["duration_ms"]) == (
        "ended",
        "completed",
        "caller_hung_up",
        30_000,
    )
    json.dumps(over)


def test_words_stand_where_they_began_to_be_heard() -> None:
    shown = after(
        facts.CallerSpeechStarted("i1"),
        facts.AgentSoundStarted("a1", "Agent", 100),
        facts.AgentWorded("a1", "Agent", "Yes."),
        facts.CallerSaid("i1", "Hello?"),
    )
    turns = [(turn["text"], turn["heard"], turn["seq"]) for turn in shown["transcript"]]
    assert turns == [("Hello?", "Hello?", 2), ("Yes.", None, 1)]


def test_a_running_tool_is_shown_until_it_ends() -> None:
    calls = live_calls()
    calls.told("w", told(OFFERED, facts.ToolStarted("t1", "lookup")).facts)
    assert [tool["name"] for tool in (calls.shown("c") or {})["tools"]] == ["lookup"]
    calls.told("w", told(facts.ToolCalled("t1", "lookup", "{}", "x", False, 5)).facts)
    assert (calls.shown("c") or {})["tools"] == []


@pytest.mark.parametrize(
    "gone",
    [facts.SessionLost("gone"), facts.SessionReplaced("expiry", 0)],
    ids=["lost", "replaced"],
)
@pytest.mark.parametrize("realtime_call_id", ["", "rtc_1"])
def test_what_ended_with_a_session_is_shown_no_more(
    gone: facts.Fact, realtime_call_id: str
) -> None:
    calls = live_calls()
    offered = replace(OFFERED, realtime_call_id=realtime_call_id)
    began = (facts.ToolStarted("t1", "lookup"), facts.CallerSpeechStarted("i1"))
    calls.told("w", told(offered, *began, gone).facts)
    shown = calls.shown("c") or {}
    names = [tool["name"] for tool in shown["tools"]]
    going_on = (["lookup"], "caller") if realtime_call_id else ([], "nobody")
    assert (names, shown["floor"]) == going_on


def test_who_is_muted_is_shown() -> None:
    def acted(act: str, direction: str) -> facts.OperatorActed:
        return facts.OperatorActed(act, "duty", {"direction": direction})

    shown = after(acted("mute", "inbound"), acted("mute", "outbound"), acted("mute", "inbound"))
    assert sorted(shown["muted"]) == ["inbound", "outbound"]
    shown = after(acted("mute", "inbound"), acted("unmute", "inbound"))
    assert shown["muted"] == []


@pytest.mark.parametrize(
    ("act", "what", "text"),
    [
        ("hang_up", {"at_once": True}, "hang up"),
        ("hand_over", {"agent": "Bob"}, "hand over Bob"),
        ("transfer", {"target": "desk", "briefing": ""}, "transfer desk"),
    ],
)
def test_what_operators_did_is_told_in_words(act: str, what: dict[str, Any], text: str) -> None:
    (turn,) = after(facts.OperatorActed(act, "duty", what))["transcript"]
    assert (turn["who"], turn["agent"], turn["text"]) == ("operator", "duty", text)


def test_only_what_changed_is_told() -> None:
    calls = live_calls()
    calls.told("w", told(OFFERED).facts)
    (first,), _ = calls.take_changes()
    assert first.keys() >= {"call_id", "state", "plan", "mos_in", "tools"}
    assert not calls.has_changes
    calls.told("w", told(facts.CallRouted("desk", "Agent")).facts)
    assert calls.take_changes() == ([{"call_id": "c", "plan": "desk", "agent": "Agent"}], [])
    calls.told("w", told(facts.CallRouted("desk", "Agent")).facts)
    assert calls.take_changes() == ([], [])


def test_a_turn_that_is_heard_later_is_told_again_under_its_number() -> None:
    calls = live_calls()
    calls.told("w", told(OFFERED, facts.AgentWorded("a", "Agent", "one two")).facts)
    (first,), _ = calls.take_changes()
    calls.told("w", told(facts.AgentSaid("a", "Agent", "one two", "one", 300, True)).facts)
    (second,), _ = calls.take_changes()
    (before,), (now,) = first["transcript"], second["transcript"]
    assert (before["seq"], before["heard"]) == (1, None)
    assert (now["seq"], now["heard"], now["interrupted"]) == (1, "one", True)


def test_a_call_that_is_over_is_listed_for_a_minute() -> None:
    calls = live_calls()
    calls.told("w", told(OFFERED, facts.CallerSaid("i", "Hello"), ENDED).facts)
    calls.expire(AT + 0.2 + KEPT_S - 1)
    assert [call["state"] for call in calls.listed()] == ["ended"]
    calls.expire(AT + 0.2 + KEPT_S + 1)
    assert calls.listed() == [] and calls.take_changes() == ([], ["c"])
    assert calls.shown("c") is None


def test_the_calls_of_a_process_that_is_gone_have_failed() -> None:
    calls = live_calls()
    calls.told("w", told(OFFERED).facts)
    calls.told("other", told(OFFERED, call_id="d").facts)
    calls.gone("w", AT + 5)
    assert [call["state"] for call in calls.listed()] == ["ended", "ringing"]
    ended = calls.listed()[0]
    assert (ended["result"], ended["reason"]) == ("failed", "cut_off")  # as its record will say
    assert (calls.source_of("c"), calls.source_of("d")) == (None, "other")


def test_a_call_that_is_taken_up_again_is_live_again() -> None:
    calls = live_calls()
    attached = facts.CallOffered("incoming", "s", "a", "b", realtime_call_id="rtc_1")
    calls.told("attached", told(attached, facts.SessionOpened(80)).facts)
    calls.gone("attached", AT)
    calls.told("attached", told(attached, facts.SessionOpened(80)).facts)
    shown = calls.shown("c") or {}
    assert (shown["state"], shown["result"], shown["attached"]) == ("talking", None, True)


def test_calls_that_are_placed_are_counted_until_they_are_over() -> None:
    calls = live_calls()
    calls.placed("w", ASKED, AT)
    assert calls.placed_count == 1
    calls.told("w", told(facts.CallOffered("outgoing", "s", "+4930", "+4989"), ENDED).facts)
    assert calls.placed_count == 0


def test_a_call_that_came_to_nothing_is_forgotten() -> None:
    calls = live_calls()
    calls.placed("w", ASKED, AT)
    calls.not_placed("c")
    assert (calls.placed_count, calls.listed(), calls.shown("c")) == (0, [], None)
    assert calls.take_changes() == ([], ["c"])


def test_facts_without_a_beginning_are_nobodys() -> None:
    calls = live_calls()
    calls.told("w", told(ANSWERED, ENDED).facts)
    assert calls.listed() == []


def test_a_transcript_has_an_end() -> None:
    said = [facts.CallerSaid(f"i{index}", str(index)) for index in range(MAX_TURNS + 5)]
    turns = after(*said)["transcript"]
    assert (len(turns), turns[0]["text"]) == (MAX_TURNS, "5")


def test_hostile_text_is_kept_as_it_is() -> None:
    offered = facts.CallOffered("incoming", HOSTILE, HOSTILE, HOSTILE)
    calls = live_calls()
    calls.told("w", told(offered, facts.CallerSaid("i", HOSTILE)).facts)
    shown = json.loads(json.dumps(calls.shown("c")))
    assert (shown["caller"], shown["transcript"][0]["text"]) == (HOSTILE, HOSTILE)


USED = facts.UsageReported(1_000, 10, audio_tokens_in=1_000)
SEEN = facts.LineSeen(950, 1_000, 50, 0, 4.0, 20.0, 3.2, 4.3)
OPENED = facts.SessionOpened(9, "priced")


@pytest.mark.parametrize(
    ("happened", "costs"),
    [
        ([ANSWERED, OPENED], None),
        ([ANSWERED, OPENED, USED], 0.01 + 0.002),
        ([ANSWERED, OPENED, USED, USED], 0.02 + 0.003),
        ([ANSWERED, OPENED, USED, facts.CallHeld(), SEEN], 0.01 + 0.004),
        ([ANSWERED, OPENED, USED, SEEN, ENDED], 0.01 + 0.05),  # 5 s
        ([ANSWERED, facts.SessionOpened(9), USED, SEEN, ENDED], None),
    ],
)
def test_a_call_tells_what_it_costs_if_a_price_is_known(
    happened: list[facts.Fact], costs: float | None
) -> None:
    shown = after(*happened)
    assert shown["cost"] == (costs if costs is None else pytest.approx(costs))
    assert shown["model"] == ("priced" if OPENED in happened else "gpt-realtime")


def test_the_cost_so_far_is_a_change_like_any_other() -> None:
    calls = live_calls()
    calls.told("w", told(OFFERED, OPENED).facts)
    calls.take_changes()
    calls.told("w", told(USED).facts)
    ((change,), _) = calls.take_changes()
    assert change["cost"] == pytest.approx(0.01)
