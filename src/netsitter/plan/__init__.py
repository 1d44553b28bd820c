"""What to do: frozen data that says what a run shall be. No torch, no work."""
