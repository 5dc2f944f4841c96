"""Training without labels: recipes, methods, rewards, trainers, and the watcher that evaluates each checkpoint."""
