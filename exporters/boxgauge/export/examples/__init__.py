"""Random and extreme inputs at which graphs are traced and compared with eager PyTorch."""
