"""Which layer is sick."""
