"""brief.json: canonical bytes, so that equal facts are equal files."""

import json

from horizon.errors import RenderError
from reports.facts import Brief, json_schema


def render_json(brief: Brief) -> bytes:
    """UTF-8, keys sorted, one fact a line, a newline at the end; NaN and unpaired surrogates are refused."""
    plain = brief.model_dump(mode="json")
    return canonical(plain)


def render_schema() -> bytes:
    """The schema file that ships beside the models."""
    return canonical(json_schema())


def canonical(plain: object) -> bytes:
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
    try:
        return (text + "\n").encode("utf-8")
    except UnicodeEncodeError as error:
        found = text[max(0, error.start - 40) : error.end]
        raise RenderError(
            f"expected text that UTF-8 can hold, found {found!r}; mend the parser that let it in"
        ) from None


if __name__ == "__main__":  # writes the schema that ships, after a change of the models
    from pathlib import Path

    Path(__file__).with_name("brief.schema.json").write_bytes(render_schema())
