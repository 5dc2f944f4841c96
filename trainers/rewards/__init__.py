"""Reward ideas: one file each."""
