"""Protobuf stops here: messages become frames and settings, reports become messages."""
