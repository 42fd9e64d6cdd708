"""Our REFER: when it may be sent, and how it goes."""

from __future__ import annotations

import pytest

from sipagent.sip.events import ReferProgressed
from sipagent.sip.own_refer import OwnRefer


def sent(answer: int) -> OwnRefer:
    """Return one that was sent, and answered."""
    refer = OwnRefer()
    refer.sent()
    refer.answered(answer)
    return refer


def test_it_may_be_sent_in_a_confirmed_dialog_alone() -> None:
    assert OwnRefer().refusal(is_confirmed=True) is None
    assert OwnRefer().refusal(is_confirmed=False) == ReferProgressed(481, is_final=True)


def test_a_second_one_waits_for_the_end_of_the_first() -> None:
    refer = sent(202)
    assert refer.refusal(is_confirmed=True) == ReferProgressed(491, is_final=True)
    assert refer.progressed(180, is_final=False) == ReferProgressed(180, is_final=False)
    assert refer.refusal(is_confirmed=True) is not None
    refer.progressed(200, is_final=True)
    assert refer.refusal(is_confirmed=True) is None


@pytest.mark.parametrize("status", [200, 486])
def test_a_final_status_is_its_end_whatever_the_subscription_says(status: int) -> None:
    refer = sent(202)
    assert refer.progressed(status, is_final=False) == ReferProgressed(status, is_final=True)
    assert not refer.is_under_way


def test_a_refusal_is_told_with_its_own_status() -> None:
    assert sent(408).progressed(500, is_final=True) == ReferProgressed(408, is_final=True)


def test_the_refusal_of_an_earlier_one_is_forgotten() -> None:
    refer = sent(603)
    refer.progressed(603, is_final=True)
    refer.sent()
    refer.answered(202)
    assert refer.progressed(200, is_final=True) == ReferProgressed(200, is_final=True)
