"""The command line: it parses and shows, and decides nothing."""
