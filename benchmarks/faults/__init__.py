"""The fault gallery: programs that do not train, with their true faults, each beside its good twin."""
