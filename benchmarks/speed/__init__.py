"""How fast many trials train: netsitter beside what people use, on the same work."""
