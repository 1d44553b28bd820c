"""The cure: remedies are tried beside the sick network, and what they bring is measured."""
