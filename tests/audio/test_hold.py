"""Audio waits as long as it must, and then goes on whole and in order."""

from __future__ import annotations

import numpy as np
import pytest

from sipagent.audio.frames import Pcm
from sipagent.audio.hold import Blocked, FinishItem, Hold, PlayAudio, Released
from sipagent.audio.playout import REMEMBERED_ITEMS, Heard


def ms(duration: int, value: int = 1000) -> Pcm:
    return np.full(duration * 8, value, np.int16)


def passing() -> Hold:
    return Hold(8_000, hold_ms=0, until_checked=False)


def delaying(hold_ms: int = 200) -> Hold:
    return Hold(8_000, hold_ms=hold_ms, until_checked=False)


def checking(hold_ms: int = 0) -> Hold:
    return Hold(8_000, hold_ms=hold_ms, until_checked=True)


def played_ms(released: list[Released]) -> list[tuple[str, int]]:
    return [(each.item_id, len(each.pcm) // 8) for each in released if isinstance(each, PlayAudio)]


# Nothing to wait for.


def test_without_a_hold_audio_goes_on_at_once_and_as_it_is() -> None:
    hold, pcm = passing(), ms(100)
    (released,) = hold.push("a", pcm, content_index=1, now=0.0)
    assert isinstance(released, PlayAudio)
    assert (released.item_id, released.content_index) == ("a", 1) and released.pcm is pcm
    assert hold.finish("a", now=0.1) == [FinishItem("a")]
    assert hold.is_idle and hold.queued_ms == 0 and hold.deadline() is None


@pytest.mark.parametrize("hold", [passing(), delaying(), checking()])
def test_no_audio_is_nothing_to_play(hold: Hold) -> None:
    hold.clear("a")
    assert hold.push("a", ms(0), now=0.0) == [] and hold.is_idle


# A delay.


def test_audio_waits_as_long_as_it_is_told() -> None:
    hold = delaying(200)
    assert hold.push("a", ms(100), now=1.0) == []
    assert hold.deadline() == 1.2 and hold.queued_ms == 100
    assert hold.due(1.19) == []
    assert played_ms(hold.due(1.2)) == [("a", 100)]
    assert hold.deadline() is None and hold.is_idle


def test_the_end_of_an_item_follows_its_audio() -> None:
    hold = delaying(200)
    hold.push("a", ms(100), now=1.0)
    assert hold.finish("a", now=1.1) == []
    assert hold.due(1.2)[1:] == [FinishItem("a")]


def test_new_audio_lets_go_what_is_due() -> None:
    hold = delaying(200)
    hold.push("a", ms(100), now=1.0)
    assert played_ms(hold.push("a", ms(50), now=1.3)) == [("a", 100)]
    assert hold.deadline() == 1.5


# A check.


def test_audio_waits_until_it_was_checked() -> None:
    hold = checking()
    hold.push("a", ms(100), now=1.0)
    assert hold.due(99.0) == [] and hold.deadline() is None
    hold.clear("a")
    assert hold.deadline() == 1.0
    assert played_ms(hold.due(99.0)) == [("a", 100)]


def test_a_check_clears_what_had_come_when_it_began() -> None:
    hold = checking()
    hold.push("a", ms(100), now=1.0)
    hold.push("a", ms(60), now=1.1)
    reach_ms = hold.received_ms("a")
    hold.push("a", ms(100), now=1.2)
    hold.clear("a", reach_ms)
    assert played_ms(hold.due(1.3)) == [("a", 100), ("a", 60)]
    assert hold.deadline() is None and hold.queued_ms == 100


def test_a_check_may_clear_a_part_of_a_chunk() -> None:
    hold = checking()
    hold.push("a", np.arange(800, dtype=np.int16), now=1.0)
    hold.clear("a", 30)
    hold.clear("a", 10)  # an earlier check that came back later
    (first,) = hold.due(1.0)
    hold.clear("a", 50)
    (second,) = hold.due(1.0)
    assert isinstance(first, PlayAudio) and isinstance(second, PlayAudio)
    assert first.pcm.tolist() == list(range(240))
    assert second.pcm.tolist() == list(range(240, 400))


def test_an_item_that_is_cleared_needs_no_more_checks() -> None:
    hold = checking()
    hold.clear("a")
    assert played_ms(hold.push("a", ms(100), now=1.0)) == [("a", 100)]


def test_an_item_waits_for_the_one_before_it() -> None:
    hold = checking()
    hold.push("a", ms(10), now=1.0)
    hold.push("b", ms(20), now=1.0)
    hold.clear("b")
    assert hold.due(1.0) == []
    hold.clear("a")
    assert played_ms(hold.due(1.0)) == [("a", 10), ("b", 20)]


def test_checked_audio_still_waits_its_time() -> None:
    hold = checking(hold_ms=200)
    hold.push("a", ms(100), now=1.0)
    hold.clear("a")
    assert hold.deadline() == 1.2 and hold.due(1.1) == []
    assert played_ms(hold.due(1.2)) == [("a", 100)]


def test_nothing_has_come_of_an_item_that_is_not_known() -> None:
    assert checking().received_ms("a") == 0


# A trip.


def test_what_is_blocked_is_never_heard_and_what_got_out_is_counted() -> None:
    hold = checking()
    hold.push("a", ms(100), now=1.0)
    hold.clear("a", 30)
    hold.due(1.0)
    assert hold.block("a") == Blocked("a", held_ms=70, released_ms=30)
    hold.clear("a")
    assert hold.due(9.0) == [] and hold.queued_ms == 0
    assert hold.push("a", ms(100), now=9.0) == []


def test_the_end_of_a_blocked_item_is_told() -> None:
    hold = checking()
    hold.push("a", ms(100), now=1.0)
    hold.finish("a", now=1.0)
    hold.block("a")
    assert hold.due(1.0) == [FinishItem("a")]
    hold.push("b", ms(100), now=1.0)
    hold.block("b")
    assert hold.finish("b", now=1.0) == [FinishItem("b")]


def test_a_blocked_item_is_out_of_the_way_of_the_next() -> None:
    hold = checking()
    hold.push("a", ms(100), now=1.0)
    hold.push("b", ms(20), now=1.0)
    hold.clear("b")
    hold.block("a")
    assert played_ms(hold.due(1.0)) == [("b", 20)]


def test_what_was_flushed_before_counts_as_held_back() -> None:
    hold = delaying()
    hold.push("a", ms(100), now=1.0)
    hold.flush([])
    assert hold.block("a") == Blocked("a", held_ms=100, released_ms=0)


def test_without_a_hold_all_that_came_got_out() -> None:
    hold = passing()
    hold.push("a", ms(100), now=1.0)
    assert hold.block("a") == Blocked("a", held_ms=0, released_ms=100)


# The caller takes the floor.


def test_a_flush_counts_what_waits_as_received_and_not_heard() -> None:
    hold = delaying(200)
    hold.push("a", ms(100), now=1.0)
    hold.push("a", ms(60), content_index=1, now=1.0)
    hold.push("b", ms(30), now=1.0)
    hold.finish("b", now=1.0)
    heard = hold.flush([Heard("a", 0, 40, 80, False)])
    assert heard == [
        Heard("a", 0, 40, 180, False),
        Heard("a", 1, 0, 60, False),
        Heard("b", 0, 0, 30, True),
    ]
    assert hold.due(9.0) == [] and hold.deadline() is None and hold.queued_ms == 0


def test_an_item_whose_end_waits_is_finished() -> None:
    hold = delaying(200)
    hold.push("a", ms(100), now=1.0)
    hold.finish("a", now=1.0)
    assert hold.flush([Heard("a", 0, 80, 80, False)]) == [Heard("a", 0, 80, 180, True)]


def test_with_nothing_waiting_a_flush_says_what_the_playout_said() -> None:
    heard = [Heard("a", 0, 40, 80, True), Heard("b", 0, 0, 80, False)]
    assert passing().flush(heard) == heard


# Bounds.


def test_a_runaway_endpoint_loses_its_oldest_audio_and_no_end() -> None:
    hold = Hold(8_000, hold_ms=0, until_checked=True, capacity_ms=100)
    for item_id in "ab":
        hold.push(item_id, ms(40), now=1.0)
        hold.finish(item_id, now=1.0)
    released = hold.push("c", ms(80), now=1.0)
    assert released == [FinishItem("a"), FinishItem("b")]
    assert hold.dropped_samples == 640 and hold.queued_ms == 80
    hold.clear("c", 80)
    assert played_ms(hold.due(1.0)) == [("c", 80)]


def test_old_items_are_forgotten_but_none_that_waits() -> None:
    hold = checking()
    hold.push("waits", ms(10), now=1.0)
    for number in range(2 * REMEMBERED_ITEMS):
        hold.clear(f"item {number}")
    hold.clear("waits")
    assert played_ms(hold.due(1.0)) == [("waits", 10)]
    assert hold.received_ms("waits") == 10


def test_the_items_of_a_long_call_do_not_add_up() -> None:
    hold = passing()
    for number in range(REMEMBERED_ITEMS + 1):
        hold.push(f"item {number}", ms(10), now=1.0)
    assert hold.received_ms("item 0") == 0
    assert hold.received_ms("item 1") == 10
