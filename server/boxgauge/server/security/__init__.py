"""Who may do what, over which connections, and what is written down about it."""
