"""Rewards that try to end, stop, copy or fill the process that checks them."""

import ctypes
import os
import subprocess
from contextlib import suppress

import numpy as np


def exits(group):
    os._exit(0)


def forks(group):
    with suppress(OSError):
        os.fork()
    return [0.0] * len(group.responses)


def forks_natively(group):
    if len(group.responses) == 1:
        ctypes.CDLL(None).fork()
    return [0.0] * len(group.responses)


def runs_a_command(group):
    subprocess.run(["true"], check=True)
    return [0.0] * len(group.responses)


def loops(group):
    print(os.getpid(), flush=True)
    while True:
        with suppress(BaseException):
            while True:
                pass


def fills(group):
    kept = []
    while True:
        kept.append(np.zeros(2**30, np.int8))
