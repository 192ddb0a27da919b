"""SQLite, waited for fairly."""
