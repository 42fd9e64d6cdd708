"""The text of an answer runs ahead of its sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.engine.pacing import LEAD_CHUNKS, Transcript, words_of

TEXT = "one two three four five six seven eight nine ten"


def test_every_word_is_told_before_the_chunk_it_is_heard_in() -> None:
    chunks = 20
    transcript = Transcript(TEXT, chunks)
    told = ""
    for chunk in range(chunks):
        told += transcript.before(chunk)
        heard = TEXT[: len(TEXT) * (chunk + 1) // chunks]
        assert told.startswith(heard) or told == TEXT


def test_not_everything_is_told_at_once() -> None:
    transcript = Transcript(TEXT, 20)
    lead = len(TEXT) * (1 + LEAD_CHUNKS) // 20
    first = transcript.before(0)
    assert lead <= len(first) < lead + len(" three")
    assert first == "one two three"


def test_words_come_whole_with_the_blank_before_them() -> None:
    transcript = Transcript(TEXT, 100)
    deltas = [delta for chunk in range(100) if (delta := transcript.before(chunk))]
    assert deltas == ["one", *(f" {word}" for word in TEXT.split()[1:])]


def test_without_audio_all_is_told_at_once() -> None:
    assert Transcript(TEXT, 0).before(0) == TEXT


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_nothing_to_say_is_nothing_to_tell(text: str) -> None:
    transcript = Transcript(text, 3)
    assert "".join(transcript.before(chunk) for chunk in range(3)) == ""


@given(st.text("ab \n\t", max_size=80), st.integers(1, 50))
def test_at_the_end_all_is_told_and_nothing_twice(text: str, chunks: int) -> None:
    transcript = Transcript(text, chunks)
    told = "".join(transcript.before(chunk) for chunk in range(chunks))
    assert told == text.strip()
    assert transcript.before(chunks) == ""


@given(st.text(alphabet="ab \n", max_size=30))
def test_the_words_of_a_text_are_the_text(text: str) -> None:
    words = words_of(text)
    assert "".join(words) == text.strip()
    assert [word.strip() for word in words] == text.split()
