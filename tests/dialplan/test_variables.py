from sipagent.dialplan.variables import filled, has_variables


def test_variables_are_put_in_and_unknown_ones_left_out() -> None:
    text = "Call {{name}} about {{ topic }}{{unknown}}."
    assert filled(text, {"name": "Ada", "topic": "her order"}) == "Call Ada about her order."


def test_a_value_is_never_read_again() -> None:
    assert filled("{{a}}", {"a": "{{b}}", "b": "no"}) == "{{b}}"


def test_braces_that_name_nothing_stay() -> None:
    text = "{name} {{}} {{a b}} {{1}}"
    assert not has_variables(text)
    assert filled(text, {"name": "x"}) == text
