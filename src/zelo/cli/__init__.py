"""The command line: a verb a command, which wires the rooms together and shows what they say."""
