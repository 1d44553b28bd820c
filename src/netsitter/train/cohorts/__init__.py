"""The ways in which trials of one shape train together: alone, stacked and lifted, as stacked dense layers, in turn."""
