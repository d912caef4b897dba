"""Monitors: what is held of each image, how its two sides join, and what is reported."""
