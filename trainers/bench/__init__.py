"""Rewards compared on recorded groups, against what labels say, before anything is trained.

measures     a reward and an advantage on one group, its measures, and their means and differences over groups
calibration  what a judge's scores are worth by themselves
report       all rewards together, and the same at smaller groups
page         the report as one self-contained page without scripts
"""
