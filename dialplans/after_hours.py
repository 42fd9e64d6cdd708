"""The tool of after-hours.toml. A real one would send mail; this one only says that it did."""


def take_message(topic: str, name: str = "", number: str = "") -> str:
    """Take a message for the office.

    Args:
        topic: What it is about.
        name: Of the caller, if given.
        number: To call back, if it is not the one the call comes from.
    """
    parts = [f"I have noted your message about {topic}", name and f"from {name}"]
    reply = " ".join(part for part in parts if part)
    return f"{reply}. We will call you back{f' on {number}' if number else ''}."
