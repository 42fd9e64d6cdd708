"""Starts, watches and ends workers and engine; owns the HTTP server. Loads no telephony."""
