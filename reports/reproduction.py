"""How this issue is made and checked again: what it was made from, and the commands."""

from reports.facts import Header, Param, Statement, VerbatimParam

HASH_SHOWN = 12


def reproduction(header: Header, ledger_head: str | None) -> tuple[Statement, ...]:
    """`ledger_head`: digest of the ledger's newest row, None where nothing was ever predicted."""
    run: dict[str, Param] = {
        "run": VerbatimParam(text=header.run_id),
        "hash": VerbatimParam(text=header.run_hash[:HASH_SHOWN]),
        "code": VerbatimParam(text=header.code),
        "taxonomy": VerbatimParam(text=header.taxonomy),
        "model": VerbatimParam(text=header.model),
        "instant": VerbatimParam(text=f"{header.cut_off:%Y-%m-%dT%H:%M:%SZ}"),
    }
    area = f" --area {header.area}" if header.area else ""
    again = f"horizon brief --kind {header.kind} --week {header.week}{area} --as-of {header.cut_off:%Y-%m-%dT%H:%M:%SZ}"
    told = [
        Statement(template="reproduction_run", params=run),
        _command("reproduction_verify", "horizon verify brief.json"),
        _command("reproduction_make", again),
    ]
    if ledger_head:
        told.append(_command("reproduction_ledger", f"horizon verify --ledger --head {ledger_head[:HASH_SHOWN]}"))
    return tuple(told)


def _command(template: str, command: str) -> Statement:
    return Statement(template=template, params={"command": VerbatimParam(text=command)})
