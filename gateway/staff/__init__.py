"""What people in a store see of a shopper at hand, with the shopper's consent: the page of staff, and for programs."""
