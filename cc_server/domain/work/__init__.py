"""The agents' work: who works, the runs they made, and the jobs that are still to do."""
