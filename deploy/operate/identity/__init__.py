"""Who is who: people and their edges from ClickHouse, the quarantine, and overrides."""
