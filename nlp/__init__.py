"""Same item, same taxonomy, same model: same labels, each with its evidence."""
