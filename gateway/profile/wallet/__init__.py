"""Passes for the wallets of phones: a card of the brand, and coupons. There are some where a certificate is set."""
