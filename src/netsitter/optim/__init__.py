"""Optimisers and schedules as pure pairs and functions, each written for one trial."""
