"""The search: hyper-parameters sampled at random, in log space, coarse to fine, in a range that moves."""
