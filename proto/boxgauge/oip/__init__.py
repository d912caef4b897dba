"""The Open Inference Protocol, version 2; never load beside tritonclient's own messages."""
