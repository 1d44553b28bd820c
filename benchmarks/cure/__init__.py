"""Whether remedies cure: the fault gallery under treatment."""
