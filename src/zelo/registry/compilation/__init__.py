"""From a fitted pipeline to one ONNX graph that gives the same scores."""
