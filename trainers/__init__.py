"""Who is examined, and how they learn: rewards, advantages, trainers, the watcher of checkpoints."""
