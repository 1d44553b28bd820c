"""What a cure tried, and what it brought."""
