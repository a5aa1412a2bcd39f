"""The tracker: ``/fp.js`` for the brand's own pages, and what it asks the gateway for."""
