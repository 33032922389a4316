"""Bytes from outside become Items: every record a source published in a window, once, or a recorded reason why not."""
