"""What a response costs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sipagent.engine.spent import Spent


def test_speech_and_text_cost_tokens() -> None:
    spent = Spent()
    assert spent.spend(audio_ms=100, chars=4)
    assert spent.tokens == 3
    usage = spent.to_wire(7)
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (7, 3, 10)
    assert usage["output_token_details"] == {"text_tokens": 1, "audio_tokens": 2}


def test_what_is_too_much_is_not_spent_at_all() -> None:
    spent = Spent(4)
    assert spent.spend(audio_ms=100)
    assert not spent.spend(audio_ms=100, chars=4)
    assert spent.tokens == 2
    assert spent.spend(audio_ms=100)


@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20))))
def test_the_limit_is_never_passed(most: int, steps: list[tuple[int, int]]) -> None:
    spent = Spent(most)
    for audio_ms, chars in steps:
        spent.spend(audio_ms=audio_ms, chars=chars)
        assert spent.to_wire(1)["output_tokens"] == spent.tokens <= most
