"""One file a revision: rNNNN_<name>.py."""
