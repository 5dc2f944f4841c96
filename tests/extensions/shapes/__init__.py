"""A third party's package: one thing of each kind that can be added, all in things.py and in folders of data."""
