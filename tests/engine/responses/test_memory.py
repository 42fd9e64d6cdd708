"""What is kept, and what goes."""

from __future__ import annotations

from sipagent.engine.responses.memory import Memory


def test_what_is_kept_is_found_until_it_is_dropped() -> None:
    memory: Memory[str] = Memory(3, 100)
    memory.keep("a", "A", 1)
    assert memory.find("a") == "A"
    assert memory.drop("a")
    assert memory.find("a") is None
    assert not memory.drop("a")


def test_what_was_used_longest_ago_goes_first() -> None:
    memory: Memory[str] = Memory(2, 100)
    memory.keep("a", "A", 1)
    memory.keep("b", "B", 1)
    memory.find("a")
    memory.keep("c", "C", 1)
    assert [memory.find(each) for each in "abc"] == ["A", None, "C"]


def test_no_more_bytes_are_kept_than_there_may_be() -> None:
    memory: Memory[str] = Memory(9, 10)
    for name in "abc":
        memory.keep(name, name.upper(), 4)
    assert [memory.find(each) for each in "abc"] == [None, "B", "C"]
    memory.keep("d", "D", 11)
    assert [memory.find(each) for each in "abcd"] == [None] * 4


def test_what_is_kept_again_counts_once() -> None:
    memory: Memory[str] = Memory(9, 10)
    memory.keep("a", "A", 4)
    for _ in range(5):
        memory.keep("b", "B", 6)
    assert memory.find("a") == "A"
    memory.drop("b")
    memory.keep("c", "C", 6)
    assert memory.find("a") == "A"
