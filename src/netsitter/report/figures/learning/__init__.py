"""Is it learning, and is it overfitting."""
