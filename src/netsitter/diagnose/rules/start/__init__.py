"""Rules that look at the start: weights, signals, loss and wiring before the first step."""
