"""Ways to a model: the Responses API over HTTP or WebSocket, and Chat Completions."""
