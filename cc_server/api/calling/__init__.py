"""How a router calls the rules: who asks, one transaction, one answer; many steps; the parameters that recur."""
