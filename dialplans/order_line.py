"""The tool of order-line.toml. A real one would ask a database; this one knows its answers."""

ORDERS = {"123": "leaves our house today", "456": "is on its way", "789": "was delivered on Monday"}

_DIGITS = {
    word: str(digit)
    for digit, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
}


def order_status(number: str) -> str:
    """Look up an order.

    Args:
        number: Number of the order, in digits or as spoken, such as "one two three".
    """
    digits = "".join(_DIGITS.get(word, word) for word in number.lower().replace("-", " ").split())
    state = ORDERS.get(digits)
    if state is None:
        return f"There is no order with the number {' '.join(digits)}."
    return f"Order {' '.join(digits)} {state}."
