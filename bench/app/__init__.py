"""What is measured of the app, beside a bare Textual app in the same run."""
