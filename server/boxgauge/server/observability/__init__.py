"""What the service says of itself while it works: whose call it is, log lines, traces."""
