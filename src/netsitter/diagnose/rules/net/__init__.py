"""Rules that look at the operations of a network, before anything is trained."""
