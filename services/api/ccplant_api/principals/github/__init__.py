"""Sign-in by a GitHub token: GitHub is asked whose it is, and a list says who is let in."""
