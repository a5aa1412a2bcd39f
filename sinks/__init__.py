"""Topics into ClickHouse: every event in the table of its topic, once."""
