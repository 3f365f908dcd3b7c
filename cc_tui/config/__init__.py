"""What can be set, and where values come from: flags over environment over file over defaults."""
