"""The archive site: every issue as plain pages that need no server, built from the briefs' own documents."""
