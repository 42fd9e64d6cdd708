"""Benchmarks: one command each, prints a table. ``python -m benchmarks.audio_path``."""
