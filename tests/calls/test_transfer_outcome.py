"""What a status says of a transfer."""

import pytest

from sipagent.calls.transfer_outcome import failure, outcome_of


@pytest.mark.parametrize(
    ("status", "outcome", "words"),
    [
        (486, "busy", "busy"),
        (600, "busy", "busy"),
        (408, "no_answer", "nobody answered"),
        (480, "no_answer", "nobody answered"),
        (404, "not_in_use", "the number is not in use"),
        (603, "declined", "declined"),
        (405, "unsupported", "the caller's telephone cannot be transferred"),
        (491, "failed", "another transfer is still under way"),
        (500, "failed", "status 500"),
        (100, "failed", "the caller's telephone did not tell how it went"),
        (202, "completed", "status 202"),
    ],
)
def test_a_status_has_an_outcome_and_words(status: int, outcome: str, words: str) -> None:
    assert outcome_of(status) == outcome
    assert failure(status) == words
