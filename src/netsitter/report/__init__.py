"""What people read of a run. Made from records only, no torch."""
