"""The option names that ``install`` and the places use themselves; a definition may not declare them."""

RESERVED_OPTIONS = frozenset({
    "account", "container", "cpus", "cvmfs", "data_dir", "definition", "dry_run", "env", "force_platform", "from",
    "gpus", "help", "json", "memory", "name", "nodes", "on", "partition", "prefix", "python", "replace", "sys_prefix",
    "system", "time", "user", "verify", "with",
})  # fmt: skip

# What can be asked of a place, in the words of the command line and of kernel.json's provisioner config.
RESOURCES = ("partition", "account", "cpus", "memory", "time", "gpus")
