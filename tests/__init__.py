"""Tests mirror the package; shared helpers stand beside those who use them."""
