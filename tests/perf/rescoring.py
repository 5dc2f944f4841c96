"""What rescoring costs: every recorded response under three protocols, in one process; prints triples per second.

    python tests/perf/rescoring.py

Limit: 30 s in all.
"""

import sys
import time
from pathlib import Path

from proctor.benchmarks.registry import SUITES

sys.path.insert(0, str(Path(__file__).parents[1] / "golden" / "protocols"))
from records import FOLDER, item, records
from records import SUITES as RECORDED

PROTOCOLS = ("strict", "official", "vlmevalkit")
LIMIT = 30.0


def main() -> int:
    """Measure once; exit code 1 if the limit is missed or there are no recorded responses."""
    if not (FOLDER / RECORDED[0]).exists():
        print(f"no recorded responses at {FOLDER}")
        return 1
    total = 0.0
    for suite in RECORDED:
        loaded = [(str(record["response"]), item(record)) for record in records(suite)]
        rules = SUITES.get(suite).protocols
        for name in PROTOCOLS:
            protocol = rules.get(name, rules["mm_upt"])  # IconQA has no vlmevalkit
            start = time.perf_counter()
            grades = [protocol.match(protocol.extract(text, asked), asked) for text, asked in loaded]
            taken = time.perf_counter() - start
            total += taken
            right = sum(grade.correct is True for grade in grades)
            null = sum(grade.correct is None for grade in grades)
            print(
                f"{suite:12}{protocol.name:12}{len(grades):8,} responses{taken:8.2f} s  right {right:,}, undecided {null:,}"
            )
    print(f"in all {total:.1f} s ({total / LIMIT:.2f} x the limit of {LIMIT:.0f} s)")
    return 0 if total < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
