"""`python -m scrapers.replay`: start the replay server; prints one JSON line with its URL when it answers."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from types import FrameType

from horizon.errors import HorizonError, UsageError
from horizon.weeks import IsoWeek
from scrapers.replay.arxiv_oai import ArxivOai
from scrapers.replay.faults import Fault, read_plan
from scrapers.replay.server import ReplayServer
from scrapers.replay.world import World


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; returns the exit code of the error otherwise."""
    options = _parser().parse_args(argv)
    try:
        world = _load_world(options)
        now = options.now or _after(world)
        server = ReplayServer(world, now, _read_faults(options.faults), options.port)
    except HorizonError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    _set_pages(server, options)
    _close_on_signals(server)
    ready = {"url": server.url, "world": world.name, "notice": world.notice, "now": now.isoformat()}
    print(json.dumps(ready | {"announcements": len(world.events.ids)}, ensure_ascii=False), flush=True)
    server.serve_forever()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scrapers.replay", description=__doc__)
    parser.add_argument("--world", choices=("simulated", "corpus"), default="simulated")
    parser.add_argument(
        "--now", type=_aware_time, help="clock, e.g. 2026-11-24T09:00:00Z; default: after the last item"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--faults", type=Path, help="JSON file with a fault plan")
    parser.add_argument("--records-a-page", type=int, help="default: as the live server")
    parser.add_argument("--identifiers-a-page", type=int)
    simulated = parser.add_argument_group("simulated world")
    simulated.add_argument("--seed", type=int, default=1)
    simulated.add_argument("--items-per-week", type=int, default=1_000)
    simulated.add_argument("--weeks", type=int, default=156)
    simulated.add_argument("--last-week", type=IsoWeek.parse, default=IsoWeek(2026, 47))
    simulated.add_argument("--truth", type=Path, help="write what was planted to this JSON file")
    simulated.add_argument("--labels", type=Path, help="write every item's expected labels to this JSONL file")
    simulated.add_argument("--works", type=Path, help="write which ids are one work to this JSONL file")
    simulated.add_argument("--taxonomy", type=Path, help="folder of area files; default: the shipped ones")
    corpus = parser.add_argument_group("corpus")
    corpus.add_argument("--data", type=Path, help="folder with arxiv_*.parquet, or the one above")
    corpus.add_argument("--since", type=date.fromisoformat, help="first day of first versions")
    corpus.add_argument("--until", type=date.fromisoformat, help="last day of first versions")
    return parser


def _load_world(options: argparse.Namespace) -> World:
    if options.world == "corpus":
        from scrapers.replay.corpus import load_corpus

        if options.data is None:
            raise UsageError("the corpus needs its folder; name it with --data")
        return load_corpus(options.data, options.since, options.until)
    from scrapers.replay.simulated import SimulatedWorld
    from scrapers.replay.truth import write_labels, write_truth, write_works
    from taxonomy.load import load_taxonomy

    taxonomy = load_taxonomy(options.taxonomy)
    world = SimulatedWorld(taxonomy, options.seed, options.items_per_week, options.last_week, options.weeks)
    if options.truth:
        write_truth(world, options.truth)
    if options.labels:
        write_labels(world, options.labels)
    if options.works:
        write_works(world, options.works)
    return world


def _after(world: World) -> datetime:
    """A moment at which everything of the world's last week can be scanned."""
    from scrapers.replay.simulated import SimulatedWorld

    if isinstance(world, SimulatedWorld):
        return world.last_week.end + timedelta(days=1, hours=9)
    return datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(
        seconds=int(world.events.modified[-1]), days=1
    )


def _read_faults(file: Path | None) -> tuple[Fault, ...]:
    if file is None:
        return ()
    try:
        return read_plan(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UsageError(f"expected a JSON file with a fault plan, found: {error}") from None


def _set_pages(server: ReplayServer, options: argparse.Namespace) -> None:
    feed = server.feeds["arxiv"]
    if isinstance(feed, ArxivOai):
        feed.records_a_page = options.records_a_page or feed.records_a_page
        feed.identifiers_a_page = options.identifiers_a_page or feed.identifiers_a_page


def _close_on_signals(server: ReplayServer) -> None:
    def close(number: int, frame: FrameType | None) -> None:
        # In a thread: shutdown waits for serve_forever, which this handler interrupts.
        threading.Thread(target=server.close).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, close)


def _aware_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"expected a time with its zone, such as 2026-11-24T09:00:00Z, found {text!r}")
    return moment


if __name__ == "__main__":
    sys.exit(main())
