"""Rules that look at a search of hyper-parameters when it is over."""
