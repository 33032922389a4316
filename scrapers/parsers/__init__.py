"""Pure parsers: bytes in, Items and Issues out; no network, no entities."""
