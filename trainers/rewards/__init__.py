"""Rewards, one file each. `registry.REWARDS` names them, `pipeline` applies them to a step."""
