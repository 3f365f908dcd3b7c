"""HTTP: the gate that every request passes, how the rules are called, and the routes. No SQL and no rules live here."""
