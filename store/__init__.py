"""The only SQL: append-only facts with run and time; any past week can be read as it was known then."""
