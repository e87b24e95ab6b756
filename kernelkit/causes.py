"""Why kernels do not work: a table of causes, each with a stable id and an advice.

docs/causes.md has a section for each id, and a test holds it to this table.
"""

from __future__ import annotations

from dataclasses import dataclass

_INSTALL_AGAIN = "correct kernel.json, or install the kernel again"

# The id, and what to do, on one line.
ADVICE = {
    # ---- kernel.json
    "spec-missing": "install the kernel again, or remove its directory",
    "spec-not-json": _INSTALL_AGAIN,
    "spec-not-object": _INSTALL_AGAIN,
    "spec-field": _INSTALL_AGAIN,
    "no-argv": _INSTALL_AGAIN,
    "no-connection-file": "give argv the words -f and {connection_file}",
    "provisioner-missing": "install the package that brings it beside Jupyter",
    "program-missing": "correct argv in kernel.json, or install the kernel again",
    "program-not-executable": "chmod +x it, or begin argv with what runs it, such as /bin/bash",
    "spawn-failed": "correct argv and env in kernel.json",
    "job-failed": "ask the batch system for what it has: `kernelkit show NAME --script` is what it was given",
    "logo-not-image": "replace the logo by a PNG or SVG image, or remove it",
    # ---- the wrapper
    "wrapper-missing": _INSTALL_AGAIN,
    "wrapper-edited": "install the kernel again, or adopt what was edited into its definition",
    "wrapper-syntax": "correct the line that is named; bash -n finds such faults",
    "wrapper-line-ends": "write the file with Unix line ends: sed -i 's/\\r$//' FILE",
    "unset-variable": "set the variable, or leave set -u off while a vendor's script runs",
    "arguments-lost": 'end the wrapper with: exec python -m ipykernel_launcher "$@"',
    "arguments-split": 'quote what is handed on: "$@", with the quotes',
    "command-missing": "correct the path in the wrapper",
    "command-not-executable": "chmod +x it, or name the program that runs it",
    "no-exec": "put exec before the command that starts the kernel",
    "exited-at-once": "the wrapper must end with exec and the kernel's command",
    "still-in-step": "find out what it waits for; a slow file system may need a longer --timeout",
    "endless-loop": "the lines named run again and again: correct the condition that should end them",
    "slow-start": "give it a longer --timeout; kernelkit warm and local disks make starts shorter",
    "secret-printed": "print no environment (env, set, export -p, set -x) in the wrapper: servers log it",
    "too-much-output": "send what the steps print to a file or to /dev/null: servers log it",
    # ---- the software
    "software-missing": "is the software area mounted here? kernelkit doctor tells",
    "software-hung": "the file system does not answer: kernelkit doctor names it; its administrators can remount it",
    "software-loop": "the mount behind the link failed: probe it (cvmfs_config probe), and see kernelkit doctor",
    "software-io-error": "the file system is broken here: probe it (cvmfs_config probe), and see kernelkit doctor",
    "software-unreadable": "ask for the permission, or for its repair",
    "release-gone": "kernelkit releases shows what is there; install the kernel again with one of these",
    "step-failed": "read what the steps printed; is the release still there?",
    # ---- the interpreter and its libraries
    "interpreter-missing": "install the kernel again with a Python that is there",
    "interpreter-not-executable": "chmod +x it, or install the kernel again with another Python",
    "interpreter-wrong-architecture": "choose a build for this machine, or run it where it was built for",
    "interpreter-changed": "install the kernel again",
    "ipykernel-missing": "install ipykernel into that environment, or name another Python",
    "ipykernel-too-new": "install an ipykernel made for that Python: 4 for 2.7, 5 for 3.6, 6 for 3.7 to 3.9",
    "ipykernel-too-old": "install a newer ipykernel into that environment",
    "module-missing": "install it there, or correct what sets its path",
    "library-missing": "load the environment that brings the library, or correct LD_LIBRARY_PATH",
    "library-clash": "take the foreign folder out of LD_LIBRARY_PATH, or put the right one before it",
    "glibc-too-old": "choose a build for this system's age, or run it in a container: --container",
    "cpu-too-old": "choose a build for an older processor, or a newer node",
    "pythonhome": "unset PYTHONHOME in the wrapper: it belongs to another Python",
    "pythonpath": "take the folder out of PYTHONPATH: its modules are made for another Python",
    "shadowed-module": "rename the file: it hides a module that the kernel needs",
    # ---- the user's home
    "home-read-only": "make room or set IPYTHONDIR and JUPYTER_RUNTIME_DIR to folders that can be written",
    "disk-full": "make room: the disk is full or the quota is used up",
    "startup-file": "correct or move the file: IPython runs what lies in its profile's startup folder",
    "history-database": "move the database away, or set c.HistoryManager.hist_file to a local disk",
    "configuration-file": "correct or move the file: IPython and Jupyter read it at every start",
    # ---- limits and ends
    "memory-limit": "raise the limit (ulimit -v, a job's memory), or load less at the start",
    "file-limit": "raise the limit on open files: ulimit -n",
    "cpu-limit": "raise the limit on processor time: ulimit -t",
    "killed": "was a limit on memory or time hit, or did somebody end it?",
    "crashed": "it is a fault of a compiled library: see its output, and the core if there is one",
    "port-clash": "run it again; another program took the port meanwhile",
    "connection-file": "can the kernel see and read Jupyter's runtime directory? a container must bind it",
    "container": "is the image there, and may this user run containers here?",
    # ---- a kernel that runs
    "code-fails": "see its output",
    "output-lost": "see what replaces sys.stdout at start-up",
    "environment-incomplete": "see its output; is the release still there?",
    "check-failed": "see the definition's check",
    "snapshot-stale": "give the definition snapshot = false, or the step's template the file that it depends on",
    "interrupt-ignored": 'start the kernel with exec and with signals as they were, or interrupt_mode "message"',
    "children-not-interrupted": "start the kernel with exec, so that it leads the group that Jupyter interrupts",
    "died-after-reply": "see its output",
    "stopped-answering": "see its output; does something hold the kernel's main thread?",
    "restart-fails": "what the first start leaves behind must not hinder the second",
    "parent-lost": "hand JPY_PARENT_PID on (env -i drops it), so that the kernel ends with its server",
    "outlives-server": "start the kernel with exec, so that it ends with its server",
    "shutdown-ignored": "the kernel must end when it is asked to; what it waits for at its end must not hang",
    "process-left-behind": "what the wrapper or the steps start must end with the kernel",
    # ---- a node of a cluster
    "node-unavailable": "an administrator must bring it back; `sinfo -R` or `condor_status -l NODE` tells why",
    "node-silent": "look at its queue (`squeue -w NODE`, `condor_status NODE`), or wait longer: --node-timeout",
    # ---- the rest
    "unknown": "see the end of its output",
}  # fmt: skip


@dataclass(frozen=True)
class Cause:
    """Why a kernel does not work: what it is and what to do, one line each.

    ``where`` is the place that it is known from: ``file:line`` of a wrapper, or a script's last words; it can be empty.
    """

    id: str
    cause: str
    advice: str
    where: str = ""

    def __bool__(self) -> bool:
        return bool(self.id)


NONE = Cause("", "", "")


def cause(id_: str, words: str, where: str = "") -> Cause:
    """A cause of the table. An id that is not in it is a KeyError."""
    return Cause(id_, " ".join(words.split()), ADVICE[id_], where)
