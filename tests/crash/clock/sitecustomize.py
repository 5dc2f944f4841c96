"""A clock that jumps: a day forth, a year back. For processes that have this folder on PYTHONPATH."""

import itertools
import time

_JUMPS = itertools.cycle((0.0, 86_400.0, -31_536_000.0, 3_600.0, -5.0))
_time = time.time
time.time = lambda: _time() + next(_JUMPS)
time.time_ns = lambda: int(time.time() * 1e9)
