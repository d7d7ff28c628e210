"""Where policy, secrets, documents and tasks are kept: in SQLite, or in memory; and the audit log, a file."""
