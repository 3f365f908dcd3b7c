"""The agents' work: agents, runs, jobs, and the leads that they work on."""
