"""The start, measured: what network, data, loss and optimiser do before the first step."""
