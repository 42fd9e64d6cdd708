"""One conversation with a speech model over the Realtime protocol."""
