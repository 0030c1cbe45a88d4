"""Two policy sets compared: what differs between them, and which verdicts that changes."""
