"""Trackers of experiments as packages that are installed or not: a run of each, told values by step. One file per tracker."""
