"""MagicProxy: a gateway to language models, and the MCP server beside it."""
