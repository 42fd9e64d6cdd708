"""When somebody speaks: Silero's probability and an energy gate, joined."""
