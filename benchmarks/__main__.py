"""`python -m benchmarks`: every measurement, one after the other; the rehearsal has a command of its own."""

import subprocess
import sys

NAMES = (
    *("startup", "oai_parse", "parsers", "uspto_stream", "classify", "labels"),
    *("momentum_speed", "momentum_planted", "signals"),
    *("weekly_flow", "multi_source", "fault_matrix", "kill"),
)

if __name__ == "__main__":
    # Each in a process of its own: what one has imported must not warm or burden the next.
    for name in NAMES:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
