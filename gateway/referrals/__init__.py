"""``/v1/referrals``: personal links for the brand's programs."""
