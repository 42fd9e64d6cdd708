"""The voice: espeak-ng in a process of its own."""
