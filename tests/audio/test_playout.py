"""The playout queue knows what was heard."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sipagent.audio.frames import Pcm
from sipagent.audio.playout import Heard, Playout


def ms(duration: int, value: int = 1000) -> Pcm:
    return np.full(duration * 8, value, np.int16)


def test_an_empty_queue_gives_silence() -> None:
    playout = Playout(8_000)
    assert not playout.pull().any() and len(playout.pull()) == 160
    assert playout.is_idle and playout.flush() == []


def test_heard_is_what_was_pulled() -> None:
    playout = Playout(8_000)
    playout.push("a", ms(100))
    playout.pull()
    playout.pull()
    assert playout.heard("a") == 40
    assert playout.queued_ms == 60


def test_a_flush_tells_each_item_and_fades_out() -> None:
    playout = Playout(8_000)
    playout.push("a", ms(100))
    playout.finish("a")
    playout.push("b", ms(50))
    playout.pull()
    assert playout.flush() == [Heard("a", 0, 20, 100, True), Heard("b", 0, 0, 50, False)]
    tail = playout.pull()
    assert tail[0] == 1000 and (np.diff(tail[:40].astype(int)) <= 0).all()
    assert not tail[40:].any()
    assert playout.is_idle and not playout.pull().any()
    assert playout.heard("a") == 20


def test_items_that_ended_are_told_once() -> None:
    playout = Playout(8_000)
    playout.push("a", ms(30))
    playout.pull()
    assert playout.drain_finished() == []
    playout.finish("a")
    playout.pull()
    assert playout.drain_finished() == ["a"]
    assert playout.drain_finished() == []
    assert playout.heard("a") == 30


def test_an_item_finished_after_it_ran_dry_is_told_too() -> None:
    playout = Playout(8_000)
    playout.push("a", ms(20))
    playout.pull()
    playout.finish("a")
    assert playout.drain_finished() == ["a"]
    assert playout.is_idle


def test_running_dry_within_an_item_is_counted() -> None:
    playout = Playout(8_000)
    playout.push("a", ms(30))
    playout.pull()
    playout.pull()
    assert playout.starved_frames == 1


def test_a_runaway_endpoint_loses_its_oldest_audio() -> None:
    playout = Playout(8_000, capacity_ms=100)
    playout.push("a", ms(80, 1))
    playout.push("a", ms(80, 2))
    assert playout.queued_ms == 100
    assert playout.dropped_samples == 60 * 8
    assert playout.pull().tolist() == [1] * 160


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from("abc"), st.integers(1, 900)),
            st.sampled_from(["pull", "flush", "finish"]),
        ),
        max_size=40,
    )
)
def test_nobody_hears_more_than_was_received_nor_what_was_flushed(steps: list[object]) -> None:
    playout = Playout(8_000)
    received: dict[str, int] = {}
    voiced, flushed_at = 0, None
    for step in steps:
        match step:
            case (item_id, samples):
                assert isinstance(item_id, str) and isinstance(samples, int)
                playout.push(item_id, np.ones(samples, np.int16))
                received[item_id] = received.get(item_id, 0) + samples
            case "pull":
                voiced += int(np.count_nonzero(playout.pull()))
            case "flush":
                for heard in playout.flush(fade_ms=0):
                    assert heard.heard_ms <= heard.received_ms
                flushed_at = voiced
                assert not playout.pull().any()
            case _:
                for item_id in received:
                    playout.finish(item_id)
    assert voiced <= sum(received.values())
    assert flushed_at is None or flushed_at <= voiced
    assert sum(playout.heard(item_id) for item_id in received) <= voiced * 1000 / 8000
