"""What stands on every screen: status bar, tabs, message line, footer."""
