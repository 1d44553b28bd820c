"""The kinds of data that can be opened: one file a format, and `open.py`, which recognises them."""
