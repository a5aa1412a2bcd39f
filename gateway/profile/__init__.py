"""``/me``: what a phone has collected, its coupons to show at a till, and passes for its wallet."""
