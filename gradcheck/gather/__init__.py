"""From what the user names to concrete cases: configuration, discovery, construction."""
