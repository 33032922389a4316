"""What we watch: one YAML file an area; a loaded taxonomy is immutable and carries its content hash."""
