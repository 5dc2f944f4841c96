"""The bench: what rewards say of recorded groups, against what labels say, before anything is trained.

outcome      a reward and an advantage put to one recorded group
measures     each measure of a group, a number or undefined
intervals    means and paired differences over groups, with errors clustered by the items' clusters
sizes        the same at smaller groups, drawn from the recorded ones
calibration  what a judge's scores are worth by themselves
report       everything together
chart        intervals and lines as inline SVG
page         a report as one self-contained page without scripts
"""
