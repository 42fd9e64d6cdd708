"""The Realtime protocol as types, shared by session and engine. Pure."""
