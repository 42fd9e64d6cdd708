"""The flight recorder: one timeline of a call on one clock, kept for every call, saved by rule."""
