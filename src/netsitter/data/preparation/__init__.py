"""How rows are prepared: fitted on the training part, frozen, saved with the model, undone for people."""
