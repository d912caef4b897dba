"""The service around the engine: RPCs, monitors, metrics, settings."""
