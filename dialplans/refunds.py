"""The tool of refunds.toml. A real one would move money; this one knows what orders cost."""

PAID = {"123": "forty euros", "456": "twelve euros"}

_DIGITS = {
    word: str(digit)
    for digit, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
}


def refund(order: str) -> str:
    """Pay back what an order has cost.

    Args:
        order: Number of the order, in digits or as spoken, such as "one two three".
    """
    digits = "".join(_DIGITS.get(word, word) for word in order.lower().replace("-", " ").split())
    paid = PAID.get(digits)
    if paid is None:
        return f"There is no paid order with the number {' '.join(digits)}."
    return f"Order {' '.join(digits)} is refunded: {paid} are on their way back."
