"""The rules: plan and record in, findings out. No torch."""
