"""The tool of payments.toml. A real one would ask a payment provider; this one always agrees."""

from sipagent.agents.tools import ToolContext


def pay(context: ToolContext) -> str:
    """Pay the open invoice with the card whose number the caller has keyed in."""
    card = context.context.collected.get("card_number")
    if card is None:
        return "No card number was keyed in yet."
    return f"Forty euros were paid with the {_brand(card)} card ending in {' '.join(card[-4:])}."


def _brand(card: str) -> str:
    return {"3": "American Express", "4": "Visa", "5": "Mastercard"}.get(card[0], "credit")
