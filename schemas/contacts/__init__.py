"""Contact values: how people are reached, encrypted from the gateway on; only who delivers opens them."""
