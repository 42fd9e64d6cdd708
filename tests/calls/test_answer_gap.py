"""How long a caller waits for an answer."""

from sipagent.calls.answer_gap import AnswerGap


def test_it_begins_with_the_callers_last_word_not_when_the_endpoint_knew() -> None:
    gap = AnswerGap(500)
    gap.caller_stopped(10.0)
    assert gap.answered(10.3) == 800


def test_an_answer_in_two_pieces_is_told_once() -> None:
    gap = AnswerGap(500)
    gap.caller_stopped(10.0)
    gap.answered(10.3)
    assert gap.answered(12.0) is None


def test_a_caller_who_goes_on_is_answered_after_the_last_word() -> None:
    gap = AnswerGap(200)
    gap.caller_stopped(10.0)
    gap.caller_stopped(13.0)
    assert gap.answered(13.1) == 300


def test_who_speaks_first_answers_nobody() -> None:
    assert AnswerGap(500).answered(1.0) is None


def test_where_nobody_knows_how_much_silence_there_was_none_is_told() -> None:
    gap = AnswerGap(None)
    gap.caller_stopped(10.0)
    assert gap.answered(10.3) is None


def test_an_answer_of_another_session_is_not_to_that_word() -> None:
    gap = AnswerGap(500)
    gap.caller_stopped(10.0)
    gap.forget()
    assert gap.answered(10.3) is None
