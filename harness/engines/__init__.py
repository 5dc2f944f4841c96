"""Engines that answer requests: one file each."""
