"""What makes a run go: the step, the cohort, the checks before it, the loop."""
