"""When the filler is played."""

from sipagent.calls.outage import FILLER_AFTER_S, Filler


def test_it_is_played_after_a_moment_of_silence() -> None:
    filler = Filler()
    filler.lost(is_silent=True, now=10.0)
    assert filler.deadline() == 10.0 + FILLER_AFTER_S
    assert not filler.is_due(10.0 + FILLER_AFTER_S - 0.01)
    assert not filler.is_playing
    assert filler.is_due(10.0 + FILLER_AFTER_S)
    assert filler.is_playing and filler.deadline() is None
    assert not filler.is_due(99.0)


def test_what_was_queued_is_heard_first() -> None:
    filler = Filler()
    filler.lost(is_silent=False, now=10.0)
    assert filler.deadline() is None
    filler.fell_silent(15.0)
    assert filler.deadline() == 15.0 + FILLER_AFTER_S


def test_it_is_not_begun_when_the_session_is_back_in_time() -> None:
    filler = Filler()
    filler.lost(is_silent=True, now=10.0)
    assert not filler.stop()
    assert filler.deadline() is None and not filler.is_due(99.0)


def test_it_is_stopped_once() -> None:
    filler = Filler()
    filler.lost(is_silent=True, now=10.0)
    assert filler.is_due(11.0)
    assert filler.stop()
    assert not filler.stop() and not filler.is_playing


def test_silence_means_nothing_while_there_is_a_session() -> None:
    filler = Filler()
    filler.fell_silent(10.0)
    assert filler.deadline() is None


def test_a_second_loss_does_not_begin_again() -> None:
    filler = Filler()
    filler.lost(is_silent=True, now=10.0)
    filler.lost(is_silent=True, now=10.2)
    assert filler.deadline() == 10.0 + FILLER_AFTER_S
