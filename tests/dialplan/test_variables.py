from hypothesis import given
from hypothesis import strategies as st

from sipagent.dialplan.variables import MOST_CHARS, UNKNOWN, filled, has_variables, quoted


def test_variables_are_put_in_and_unknown_ones_left_out() -> None:
    text = "Call {{name}} about {{ topic }}{{unknown}}."
    assert filled(text, {"name": "Ada", "topic": "her order"}) == "Call Ada about her order."


def test_a_value_is_never_read_again() -> None:
    assert filled("{{a}}", {"a": "{{b}}", "b": "no"}) == "{{b}}"


def test_braces_that_name_nothing_stay() -> None:
    text = "{name} {{}} {{a b}} {{1}}"
    assert not has_variables(text)
    assert filled(text, {"name": "x"}) == text


def test_a_header_is_a_variable() -> None:
    assert has_variables("{{header:X-Customer}}")
    assert filled("{{header:X-Customer}} {{ header:x }}", {"header:x-customer": "a"}) == "a unknown"


def test_what_is_long_is_cut_and_what_is_missing_is_unknown() -> None:
    assert quoted("x" * 500) == f'"{"x" * MOST_CHARS}..."'
    assert quoted(" \n ") == quoted("") == UNKNOWN
    assert quoted(UNKNOWN) == f'"{UNKNOWN}"'


@given(st.text(max_size=300))
def test_nothing_that_is_quoted_ends_its_quotation(text: str) -> None:
    value = quoted(text)
    if value == UNKNOWN:
        return
    inner = value[1:-1]
    assert value[0] == value[-1] == '"'
    assert not set(inner) & set('"{}<>`\\\n\r')
    assert inner.isprintable()
    assert len(inner) <= MOST_CHARS + 3
    assert filled(value, {"a": "b"}) == value
