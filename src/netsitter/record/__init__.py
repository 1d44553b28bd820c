"""What happened: frozen data that a run leaves behind. NumPy only, no torch."""
