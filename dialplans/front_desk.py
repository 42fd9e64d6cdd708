"""Tools of front-desk.toml. A real one would ask a database; these know their answers."""

HOURS = {
    "monday": "from nine to five",
    "tuesday": "from nine to five",
    "wednesday": "from nine to five",
    "thursday": "from nine to seven",
    "friday": "from nine to three",
    "saturday": "from ten to two",
    "sunday": "",
}

INVOICES = {
    "123": "paid",
    "456": "open, and due at the end of the month",
    "789": "overdue since last week",
}

_DIGITS = {
    word: str(digit)
    for digit, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
}


def opening_hours(day: str = "") -> str:
    """Tell when the office is open.

    Args:
        day: Name of a weekday in English; empty for the whole week.
    """
    if not day:
        return "We are open on weekdays from nine, and on Saturday from ten to two."
    if day.lower() in {"today", "tomorrow"}:
        return f"We are open {day.lower()} from nine, unless it is Sunday."
    hours = HOURS.get(day.lower())
    if hours is None:
        return f"There is no day called {day}."
    return f"On {day.capitalize()} we are " + (f"open {hours}." if hours else "closed.")


def invoice_status(number: str) -> str:
    """Look up an invoice.

    Args:
        number: Number of the invoice, in digits or as spoken, such as "one two three".
    """
    digits = "".join(_DIGITS.get(word, word) for word in number.lower().replace("-", " ").split())
    status = INVOICES.get(digits)
    if status is None:
        return f"There is no invoice with the number {' '.join(digits)}."
    return f"Invoice {' '.join(digits)} is {status}."
