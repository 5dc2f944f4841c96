"""Several trainings as one experiment: A/B tests of rewards, iterated training, and the watcher of checkpoints."""
