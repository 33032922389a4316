"""No number without the ids behind it: one JSON document model, many renderings."""
