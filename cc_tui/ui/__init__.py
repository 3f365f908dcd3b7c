"""What is drawn: Textual lives here. Draws the state and calls actions; decides nothing and does no I/O."""
