"""A living business from a seed: clients, leads, agents that work, fail and draft. It acts through the domain only."""
