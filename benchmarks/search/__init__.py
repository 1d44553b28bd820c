"""Whether the search finds what is there to be found."""
