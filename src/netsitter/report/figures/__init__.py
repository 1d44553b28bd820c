"""Every figure of a run, a search or a cure: one file a figure, in the folder of what it shows."""
