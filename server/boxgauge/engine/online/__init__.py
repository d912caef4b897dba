"""Online quality: what is kept of a stream by window and slice, and what it says."""
