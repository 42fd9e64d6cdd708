"""The sound of items, as far as it is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sipagent.engine.audio_store import AudioStore

PCMU_BYTES_PER_MS = 8


def kept(*pieces: tuple[str, bytes], most_bytes: int = 1_000) -> AudioStore:
    store = AudioStore(most_bytes)
    for item_id, audio in pieces:
        store.append(item_id, audio, bytes_per_ms=PCMU_BYTES_PER_MS)
    return store


def test_the_pieces_of_an_item_are_one() -> None:
    store = kept(("a", b"12"), ("b", b"9"), ("a", b"34"))
    assert (store.audio("a"), store.audio("b"), store.audio("c")) == (b"1234", b"9", None)


def test_an_item_is_cut_where_it_was_heard_to() -> None:
    store = kept(("a", bytes(range(100))))
    store.cut("a", 10)
    assert store.audio("a") == bytes(range(80))
    store.cut("a", 50)
    assert store.audio("a") == bytes(range(80))
    store.cut("x", 1)


def test_over_the_limit_the_oldest_item_loses_its_sound() -> None:
    store = kept(("a", bytes(400)), ("b", bytes(500)), ("c", bytes(200)))
    assert store.audio("a") is None
    assert (store.audio("b"), store.audio("c")) == (bytes(500), bytes(200))


def test_what_was_cut_or_dropped_makes_room() -> None:
    store = kept(("a", bytes(480)), ("b", bytes(480)))
    store.cut("a", 10)
    store.drop("b")
    store.drop("b")
    store.append("c", bytes(900), bytes_per_ms=PCMU_BYTES_PER_MS)
    assert (store.audio("a"), store.audio("c")) == (bytes(80), bytes(900))


def test_an_item_that_is_too_long_alone_is_not_kept() -> None:
    assert kept(("a", bytes(1_001))).audio("a") is None


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["append", "cut", "drop"])),
        max_size=40,
    ),
    st.integers(0, 60),
)
def test_there_is_never_more_than_the_limit(steps: list[tuple[str, str]], size: int) -> None:
    store = AudioStore(100)
    for item_id, step in steps:
        match step:
            case "append":
                store.append(item_id, bytes(size), bytes_per_ms=PCMU_BYTES_PER_MS)
            case "cut":
                store.cut(item_id, 2)
            case _:
                store.drop(item_id)
        held = [len(store.audio(each) or b"") for each in "abc"]
        assert sum(held) <= 100
    for item_id in "abc":
        store.drop(item_id)
    store.append("d", bytes(100), bytes_per_ms=PCMU_BYTES_PER_MS)
    assert store.audio("d") == bytes(100)
