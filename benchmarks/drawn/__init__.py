"""Suites that are drawn, not read: what a drawn question is, how pictures are made, and the tasks of the gym."""
