"""The one command; each part imports what it needs when it runs."""
