"""Where rewards really differ: small bases whose mistakes are known, made on a CPU in a minute each.

condition   what a base is taught: how often it is right by task, and how its mistakes are spread
teach       the base of a condition, made from a bundled one, and what was measured of it
studies/    trainings on these bases, by files of `proctor run`
"""
