"""How an examination is held: types, store, run, score, statistics, engines, command line."""

import os

# Before torch loads its thread pool: waiting threads that spin starve each other where cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
