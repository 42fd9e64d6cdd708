"""Tools of MCP servers the engine calls itself."""
