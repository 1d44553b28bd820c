"""What Python users call: one file a door."""
