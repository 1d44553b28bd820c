"""One file a rule, in a folder a family."""
