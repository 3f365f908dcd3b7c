"""What the operator decided, until the server has confirmed it: the guard, the journal, the dispatcher."""
