"""Many decisions at once, and what a policy would have done."""
