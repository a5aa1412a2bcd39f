"""The store: SQL files of tables and views, and what applies them to a ClickHouse."""
