"""Where examples come from, how they are split, looked at and prepared."""
