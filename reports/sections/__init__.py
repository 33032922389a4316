"""One file a section: `build(view) -> Section`. Order and limits stand in `briefs/*.yml`."""
