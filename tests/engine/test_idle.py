"""When a silent caller is asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sipagent.engine.idle import Idle

TIMEOUT_S = 5.0


def idle() -> Idle:
    waiting = Idle()
    waiting.configure(5_000)
    return waiting


def answer(waiting: Idle, *, began: float, ended: float, audio_ms: int) -> None:
    """Note a whole response whose audio began at once."""
    waiting.response_began()
    if audio_ms:
        waiting.audio_began(now=began)
    waiting.response_ended(audio_ms, now=ended, is_cut=False)


def test_before_the_first_answer_nobody_waits() -> None:
    assert idle().deadline() is None


def test_without_a_timeout_nobody_waits() -> None:
    waiting = Idle()
    answer(waiting, began=1, ended=2, audio_ms=500)
    assert waiting.deadline() is None
    waiting.configure(5_000)
    waiting.configure(None)
    assert waiting.deadline() is None


def test_waiting_begins_when_the_answer_was_heard_and_not_when_it_was_sent() -> None:
    waiting = idle()
    answer(waiting, began=10, ended=11, audio_ms=4_000)
    assert waiting.deadline() == 14 + TIMEOUT_S


def test_an_answer_that_was_sent_slower_than_it_is_heard_ends_with_its_response() -> None:
    waiting = idle()
    answer(waiting, began=10, ended=20, audio_ms=4_000)
    assert waiting.deadline() == 20 + TIMEOUT_S


def test_an_answer_without_sound_is_heard_at_once() -> None:
    waiting = idle()
    answer(waiting, began=10, ended=11, audio_ms=0)
    assert waiting.deadline() == 11 + TIMEOUT_S


def test_answers_are_heard_one_after_the_other() -> None:
    waiting = idle()
    answer(waiting, began=10, ended=10.1, audio_ms=4_000)
    answer(waiting, began=11, ended=11.1, audio_ms=2_000)
    assert waiting.deadline() == 16 + TIMEOUT_S


def test_only_the_first_audio_of_an_answer_is_its_beginning() -> None:
    waiting = idle()
    waiting.response_began()
    waiting.audio_began(now=10)
    waiting.audio_began(now=12)
    waiting.response_ended(4_000, now=12, is_cut=False)
    assert waiting.deadline() == 14 + TIMEOUT_S


def test_an_answer_that_was_cut_is_heard_no_more() -> None:
    waiting = idle()
    waiting.response_began()
    waiting.audio_began(now=10)
    waiting.response_ended(60_000, now=11, is_cut=True)
    assert waiting.deadline() == 11 + TIMEOUT_S


def test_while_an_answer_is_made_nobody_waits() -> None:
    waiting = idle()
    answer(waiting, began=1, ended=2, audio_ms=500)
    waiting.response_began()
    assert waiting.deadline() is None


def test_a_caller_who_has_spoken_is_not_asked_before_the_next_answer() -> None:
    waiting = idle()
    answer(waiting, began=1, ended=2, audio_ms=500)
    waiting.speech_began()
    assert waiting.deadline() is None
    waiting.speech_ended()
    assert waiting.deadline() is None
    answer(waiting, began=20, ended=21, audio_ms=500)
    assert waiting.deadline() == 21 + TIMEOUT_S


def test_a_caller_who_speaks_into_the_end_of_an_answer_is_not_asked() -> None:
    waiting = idle()
    waiting.response_began()
    waiting.speech_began()
    waiting.response_ended(500, now=2, is_cut=False)
    assert waiting.deadline() is None
    waiting.speech_ended()
    assert waiting.deadline() is None
    answer(waiting, began=20, ended=21, audio_ms=500)
    assert waiting.deadline() == 21 + TIMEOUT_S


def test_a_caller_is_asked_once_until_the_next_answer() -> None:
    waiting = idle()
    answer(waiting, began=1, ended=2, audio_ms=500)
    waiting.fire()
    assert waiting.deadline() is None
    answer(waiting, began=8, ended=9, audio_ms=500)
    assert waiting.deadline() == 9 + TIMEOUT_S


def test_what_the_engine_plays_itself_is_waited_for() -> None:
    waiting = idle()
    waiting.playing(True, now=9)
    answer(waiting, began=10, ended=11, audio_ms=0)
    assert waiting.deadline() is None
    waiting.playing(False, now=30)
    waiting.playing(False, now=31)
    assert waiting.deadline() == 30 + TIMEOUT_S


@given(
    st.lists(
        st.tuples(st.floats(0, 30), st.floats(0, 10), st.integers(0, 20_000)),
        min_size=1,
        max_size=8,
    )
)
def test_nobody_is_asked_before_all_of_it_can_have_been_heard(
    answers: list[tuple[float, float, int]],
) -> None:
    waiting, now, first, total_ms = idle(), 0.0, None, 0
    for pause_s, took_s, audio_ms in answers:
        now += pause_s
        first = now if first is None else first
        answer(waiting, began=now, ended=now + took_s, audio_ms=audio_ms)
        now += took_s
        total_ms += audio_ms
    deadline = waiting.deadline()
    assert deadline is not None and first is not None
    assert deadline >= now + TIMEOUT_S
    assert deadline >= first + total_ms / 1000 + TIMEOUT_S - 1e-6
