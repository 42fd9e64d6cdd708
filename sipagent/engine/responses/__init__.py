"""Text agents: the Responses API over HTTP and WebSocket, and Chat Completions."""
