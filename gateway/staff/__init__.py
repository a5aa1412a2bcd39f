"""What people in a store see of the shopper they serve, with the shopper's consent: a page, and an API for programs."""
