"""Reports are made beside the event loop: in a process of their own, or in threads."""
