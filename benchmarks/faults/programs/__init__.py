"""The programs, one file a data set. Each function that is marked gives one pair, or one well program."""
