"""Results in the forms of others: the hub's evaluation results, model cards, and trackers of experiments."""
