"""Rules that look at the data alone, before anything is trained."""
