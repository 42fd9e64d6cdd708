"""Which files of tests come first."""

from __future__ import annotations

from pathlib import Path

import pytest

from .order import LONGEST, WAITING, turn


def test_long_files_come_before_waiting_folders_and_those_before_the_rest() -> None:
    paths = ["audio/test_g711.py", "telephony/test_media.py", "test_order.py", *reversed(LONGEST)]
    in_turn = [*LONGEST, "telephony/test_media.py", "audio/test_g711.py", "test_order.py"]
    assert sorted(paths, key=turn) == in_turn


@pytest.mark.parametrize("name", [*LONGEST, *WAITING])
def test_what_comes_first_is_there(name: str) -> None:
    assert (Path(__file__).parent / name).exists()
