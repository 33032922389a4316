"""`horizon taxonomy`: check, show, explain, schema."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from horizon.cli.options import AsJson, emit
from horizon.settings import Settings

if TYPE_CHECKING:
    from taxonomy.load import Taxonomy

app = typer.Typer(help="What we watch: the areas, their routes and terms.", no_args_is_help=True)

Folder = Annotated[Path | None, typer.Option("--taxonomy", help="Folder with area files instead of the shipped ones.")]


def _load(folder: Path | None) -> "Taxonomy":
    from taxonomy.load import load_taxonomy

    return load_taxonomy(folder or Settings().taxonomy_dir)


@app.command()
def check(folder: Folder = None, as_json: AsJson = False) -> None:
    """Check every area file; a mistake is named by file and line."""
    taxonomy = _load(folder)
    rows = [
        {
            "area": area.id,
            "tier": area.tier,
            "terms": len(area.terms),
            "routes": len(area.routes),
            "examples": len(area.examples.yes) + len(area.examples.no),
        }
        for area in taxonomy.areas
    ]
    lines = [f"{row['area']:34} tier {row['tier']}  {row['terms']:3} terms  {row['routes']:2} routes" for row in rows]
    text = "\n".join([*lines, f"{len(rows)} areas, version {taxonomy.version}: no mistake found"])
    emit({"version": taxonomy.version, "areas": rows}, as_json, text)


@app.command()
def show(area: str, folder: Folder = None, as_json: AsJson = False) -> None:
    """Show one area: definition, routes and terms by weight."""
    found = _load(folder).area(area)
    lines = [f"{found.name.en} · {found.name.zh}  (tier {found.tier}, {found.sector})", "", found.definition.en]
    lines += ["", found.definition.zh, ""]
    for group in found.route_groups:
        lines.append(f"routes, {group.name.en} · {group.name.zh}:")
        lines += [f"  {route.id}: {route.name.en} · {route.name.zh}" for route in group.routes]
    for weight in sorted({term.weight for term in found.terms}, reverse=True):
        terms = ", ".join(term.text for term in found.terms if term.weight == weight)
        lines.append(f"terms of weight {weight:g}: {terms}")
    emit(found.model_dump(mode="json"), as_json, "\n".join(lines))


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="JSONL, CSV or Parquet with id,title,abstract.")], folder: Folder = None
) -> None:
    """Show what the taxonomy's own words and codes find in each item of a file, without any trained model."""
    from nlp.documents import DocumentFile
    from nlp.explain import explain as explain_document

    taxonomy = _load(folder)
    for document in DocumentFile(file):
        typer.echo(explain_document(document, taxonomy))


@app.command()
def schema() -> None:
    """Print the JSON Schema of an area file, for editors."""
    from taxonomy.load import json_schema

    typer.echo(json_schema(), nl=False)
