"""ONNX Runtime, told before its import to report no usage to its makers."""

import os

# At its import it would open a database of events to be sent.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

__all__ = ["onnxruntime"]
