"""The trainer `trl`: TRL's GRPOTrainer with our groups, rewards and checkpoints."""
