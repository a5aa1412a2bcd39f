"""Costs of campaigns from CSV files to the gateway; every row is accepted or written to the file of rejected rows."""
