"""What a docstring tells."""

from sipagent.agents.docstrings import Docstring, docstring


def book(name: str, guests: int) -> None:
    """Book a table
    for tonight.

    Not for lunch: that is another tool.

    Args:
        name (str): Who comes,
            surname: last.
        guests : How many.

        dog:
    Returns:
        done: Nothing.
    """


def test_the_first_paragraph_is_the_description_and_args_are_the_parameters() -> None:
    assert docstring(book) == Docstring(
        "Book a table for tonight.",
        {
            "name": "Who comes, surname: last.",
            "guests": "How many.",
        },
    )


def test_a_function_without_docstring_tells_nothing() -> None:
    assert docstring(lambda: None) == Docstring()


def test_args_may_come_first_and_may_be_the_last() -> None:
    def ring(times: int) -> None:
        """Ring.

        Args:
            *times: How often."""

    assert docstring(ring) == Docstring("Ring.", {"times": "How often."})


def test_a_colon_elsewhere_is_no_parameter() -> None:
    def ring(times: int) -> None:
        """Ring.

        Note:
            times: not here
        """

    assert docstring(ring) == Docstring("Ring.")
