"""Fronts for code that was written for other evaluators; always with their known faults."""
