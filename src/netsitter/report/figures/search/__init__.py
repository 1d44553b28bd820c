"""What a search tried, and what came of it."""
