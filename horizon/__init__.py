"""The spine: records, weeks, settings, errors and the command line."""
