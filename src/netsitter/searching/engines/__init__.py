"""Engines: where the legs of a search run. Each gives the same numbers for the same legs."""
