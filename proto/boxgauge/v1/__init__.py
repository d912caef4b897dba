"""The contract: monitors, evaluation and the frames that both take."""
