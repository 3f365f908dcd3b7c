"""What drives our programs from outside, for tests and benchmarks: terminals, servers, databases, a house to act in."""
