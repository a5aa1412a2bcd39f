"""Requests of people about their data: the API for the brand's own servers, and the page for a phone."""
