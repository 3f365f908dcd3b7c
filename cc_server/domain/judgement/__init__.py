"""How a draft is judged: what is known around it, its risk, and the policy's word on it."""
