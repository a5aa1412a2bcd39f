"""A brand's configuration: what its tags, stores, products, routes and rewards are."""
