"""Rules that look at a run while it goes on, and at its end."""
