"""Numbered revisions of the schema, applied by `store.engine.upgrade`; each file name begins with its revision."""
