"""The replay server and its worlds."""
