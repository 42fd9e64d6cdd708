"""When the caller may be heard while a secret is keyed in."""

from __future__ import annotations

from sipagent.calls.keypad_shield import LOOK_AGAIN_S, LOWER_AFTER_S, KeypadShield


class Line:
    """What a shield stands before."""

    def __init__(self) -> None:
        self.changes: list[bool] = []
        self.is_tone_heard = False
        self.shield = KeypadShield(self.changes.append, lambda: self.is_tone_heard)


def test_it_comes_down_a_while_after_the_last_key() -> None:
    line = Line()
    line.shield.go_up()
    assert line.shield.deadline() is None
    line.shield.come_down(10.0)
    assert line.shield.deadline() == 10.0 + LOWER_AFTER_S
    line.shield.handle_timer(10.0)
    assert line.shield.is_up
    line.shield.handle_timer(10.0 + LOWER_AFTER_S)
    assert line.changes == [True, False]
    assert line.shield.deadline() is None


def test_it_stays_up_while_a_key_sounds() -> None:
    line = Line()
    line.shield.go_up()
    line.shield.come_down(0.0)
    line.is_tone_heard = True
    line.shield.handle_timer(LOWER_AFTER_S)
    assert line.shield.deadline() == LOWER_AFTER_S + LOOK_AGAIN_S
    line.is_tone_heard = False
    line.shield.handle_timer(LOWER_AFTER_S + LOOK_AGAIN_S)
    assert line.changes == [True, False]


def test_one_secret_after_another_keeps_it_up() -> None:
    line = Line()
    line.shield.go_up()
    line.shield.come_down(0.0)
    line.shield.go_up()
    line.shield.handle_timer(LOWER_AFTER_S)
    assert line.changes == [True]


def test_where_it_is_down_it_stays_down() -> None:
    line = Line()
    line.shield.come_down(0.0)
    line.shield.handle_timer(LOWER_AFTER_S)
    assert line.changes == []
