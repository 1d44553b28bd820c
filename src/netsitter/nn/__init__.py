"""Networks as `torch.nn` modules, each written for one trial."""
