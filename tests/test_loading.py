"""Nobody looks for garbage while modules load; afterwards, somebody does as before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from sipagent.loading import loading


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    assert gc.isenabled() and gc.get_freeze_count() == 0
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_collected_meanwhile_and_everything_afterwards() -> None:
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_one_within_another_leaves_the_end_to_that() -> None:
    with loading():
        with loading():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_module_that_cannot_be_loaded_leaves_collecting_on() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError("no such module")
    assert gc.isenabled()


def test_who_collects_nothing_at_all_is_left_alone() -> None:
    gc.disable()
    with loading():
        pass
    assert not gc.isenabled()
