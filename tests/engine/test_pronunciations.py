"""Which words a decoder is given."""

from __future__ import annotations

from sipagent.engine.stt.pronunciations import Pronunciations, pronunciations

DICTIONARY = [
    "ray R EY\n",
    "read R EH D\n",
    "read(2) R IY D\n",
    "read's R IY D Z\n",
    "reads R IY D Z",
]


def test_every_way_to_say_a_word_is_given_and_no_other_word() -> None:
    found = pronunciations(["reads", "read"], DICTIONARY)
    assert found == Pronunciations("read R EH D\nread(2) R IY D\nreads R IY D Z\n", frozenset())


def test_a_word_nobody_can_say_is_missing() -> None:
    assert pronunciations(["rea", "ray"], DICTIONARY) == Pronunciations(
        "ray R EY\n", frozenset({"rea"})
    )
