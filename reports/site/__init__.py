"""The archive site: every issue ever written as plain pages that need no server, built from the briefs' own documents."""
