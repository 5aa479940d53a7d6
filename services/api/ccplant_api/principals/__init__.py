"""Who is asking: API tokens, and one-time tickets for connections that cannot carry a header."""
