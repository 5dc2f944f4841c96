"""How others ask and judge: the benchmarks' own rules, VLMEvalKit's, and those of two papers, one file per family.

Their defects are part of them, are named in each file, and stay here: nothing of this touches `strict`.
"""
