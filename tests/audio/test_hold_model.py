"""The hold against any order of audio, checks, blocks and time."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sipagent.audio.hold import Hold, PlayAudio, Released

Step: TypeAlias = tuple[str, str, int]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["push", "push", "finish", "clear", "wait", "block"]),
        st.sampled_from("abc"),
        st.integers(0, 60),
    ),
    max_size=40,
)


@given(st.sampled_from([0, 20, 70]), st.booleans(), STEPS)
def test_audio_is_never_lost_doubled_reordered_or_early(
    hold_ms: int, until_checked: bool, steps: list[Step]
) -> None:
    """Each sample is a number of its own, so that what comes out can be told apart."""
    hold = Hold(1_000, hold_ms=hold_ms, until_checked=until_checked)
    now = 0.0
    pushed: list[tuple[str, int]] = []
    ready_at: dict[int, float] = {}
    place: dict[int, int] = {}
    received = dict.fromkeys("abc", 0)
    cleared = dict.fromkeys("abc", 0)
    blocked: set[str] = set()
    heard: list[tuple[str, int]] = []

    def take(released: list[Released]) -> None:
        for each in released:
            if isinstance(each, PlayAudio):
                for sample in each.pcm.tolist():
                    assert now >= ready_at[sample]
                    assert not until_checked or place[sample] < cleared[each.item_id]
                    assert each.item_id not in blocked
                    heard.append((each.item_id, sample))

    for step, item_id, amount in steps:
        match step:
            case "push":
                first = len(pushed)
                numbers = list(range(first, first + amount))
                for number in numbers:
                    ready_at[number] = now + hold_ms / 1000
                    place[number] = received[item_id]
                    received[item_id] += 1
                    pushed.append((item_id, number))
                take(hold.push(item_id, np.array(numbers, np.int16), now=now))
            case "finish":
                take(hold.finish(item_id, now=now))
            case "clear":
                cleared[item_id] = max(cleared[item_id], amount)
                hold.clear(item_id, amount)
            case "block":
                told = hold.block(item_id)
                blocked.add(item_id)
                assert told.held_ms + told.released_ms == received[item_id]
                assert told.released_ms == sum(each == item_id for each, _ in heard)
            case _:
                now += amount / 1000
                take(hold.due(now))
        deadline = hold.deadline()
        if deadline is not None and deadline <= now:
            released = hold.due(now)
            assert released
            take(released)
    for item_id in "abc":
        cleared[item_id] = len(pushed)
        hold.clear(item_id)
    now += 1.0
    take(hold.due(now))
    assert hold.is_idle and hold.queued_ms == 0
    numbers = [number for _, number in heard]
    assert numbers == sorted(set(numbers))
    assert {each for each in pushed if each[0] not in blocked} <= set(heard)
