"""brief.json: canonical bytes, so that equal facts are equal files."""

import json

from reports.facts import Brief, json_schema


def render_json(brief: Brief) -> bytes:
    """UTF-8, keys sorted, one fact a line, a newline at the end; NaN is refused."""
    plain = brief.model_dump(mode="json")
    return canonical(plain)


def render_schema() -> bytes:
    """The schema file that ships beside the models."""
    return canonical(json_schema())


def canonical(plain: object) -> bytes:
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode("utf-8")


if __name__ == "__main__":  # writes the schema that ships, after a change of the models
    from pathlib import Path

    Path(__file__).with_name("brief.schema.json").write_bytes(render_schema())
