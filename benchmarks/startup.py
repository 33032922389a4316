"""How long `horizon --help` takes, beside a bare interpreter; asked for: under half a second."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROUNDS = 15


def main() -> None:
    """Measure and write benchmarks/results/startup.md."""
    rows = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "horizon --help": [sys.executable, "-m", "horizon", "--help"],
        "horizon taxonomy check (reads and checks eleven areas)": [
            sys.executable,
            "-m",
            "horizon",
            "taxonomy",
            "check",
        ],
    }
    lines = ["# Start-up", "", f"Wall time, {ROUNDS} rounds.", "", "| command | median s | best s |", "|---|---|---|"]
    for name, command in rows.items():
        durations = [_time(command) for _ in range(ROUNDS)]
        lines.append(f"| {name} | {median(durations):.2f} | {min(durations):.2f} |")
    text = "\n".join(lines) + "\n"
    Path("benchmarks/results/startup.md").write_text(text, encoding="utf-8")
    print(text)


def _time(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
