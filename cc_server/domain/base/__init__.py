"""What every rule stands on: the unit of work and who acts in it, refusals, the audit trail, counts, cursors."""
