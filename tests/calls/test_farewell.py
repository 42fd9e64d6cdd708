"""The last words of a call."""

from __future__ import annotations

from sipagent.calls.farewell import Farewell, LastWords


def begun(*, is_silent: bool = True) -> Farewell:
    farewell = Farewell(15.0)
    said = farewell.begin(is_silent=is_silent, now=100.0)
    assert said is (LastWords.SAY if is_silent else None)
    return farewell


def test_the_call_ends_when_the_last_words_were_heard() -> None:
    farewell = begun()
    assert farewell.is_under_way
    farewell.response_started()
    assert farewell.fell_silent() is LastWords.END
    assert (farewell.fell_silent(), farewell.deadline(), farewell.due(1e9)) == (None, None, None)


def test_silence_before_they_began_is_not_their_end() -> None:
    farewell = begun()
    assert farewell.fell_silent() is None
    farewell.response_started()
    assert farewell.fell_silent() is LastWords.END


def test_they_wait_for_what_is_being_said() -> None:
    farewell = begun(is_silent=False)
    farewell.response_started()  # of something else
    assert farewell.fell_silent() is LastWords.SAY
    farewell.response_started()
    assert farewell.fell_silent() is LastWords.END


def test_words_that_never_come_do_not_keep_the_call() -> None:
    farewell = begun()
    assert farewell.deadline() == 115.0
    assert farewell.due(114.9) is None
    assert farewell.due(115.0) is LastWords.END
    assert farewell.due(116.0) is None


def test_it_can_be_called_off() -> None:
    farewell = begun()
    farewell.call_off()
    assert not farewell.is_under_way
    farewell.response_started()
    assert (farewell.fell_silent(), farewell.deadline()) == (None, None)
