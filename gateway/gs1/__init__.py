"""GS1 Digital Link: scans of the codes on packaging, and the links of a product by type."""
