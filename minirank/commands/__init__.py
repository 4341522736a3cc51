"""One module a group of commands: `register(commands)` adds them to the command line."""
