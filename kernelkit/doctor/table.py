"""What doctor can find, beside what lint does: each with a stable id, how bad it is, what it means, what to do."""

from __future__ import annotations

from kernelkit.lint.table import FAULT, NOTE, WARNING, Entry
from kernelkit.lint.table import TABLE as OF_LINT

OWN = {
    # The software area
    "area-missing": Entry(FAULT, "a software area that kernels use is not here",
        "is CVMFS installed and the repository configured? A kernel started outside cvmfsexec sees none"),
    "area-loop": Entry(FAULT, "the repository is known and cannot be mounted, which looks like a loop of links",
        "ask for cvmfs_config probe; in a container, /cvmfs must be bound with :shared"),
    "area-disconnected": Entry(FAULT, "the client of this mount has died and the mount is left",
        "an administrator must unmount and mount it: cvmfs_config umount, then access it again"),
    "area-unreadable": Entry(FAULT, "the area is there and cannot be read",
        "see the system's log, and cvmfs_config stat"),
    "area-hung": Entry(FAULT, "the area did not answer in time; what waits for it cannot be killed",
        "an administrator must restart the client: cvmfs_config killall; kernels that use it hang until then"),
    "area-slow": Entry(WARNING, "the first look took so long that a cold set-up may exceed Jupyter's 60 s",
        "kernelkit warm NAME before people come; is the cache large enough and the proxy near?"),
    "area-answers": Entry(NOTE, "how fast the area answers, and its revision where the client tells", "nothing"),
    # What Jupyter searches
    "search-path": Entry(NOTE, "a folder of kernelspecs, in Jupyter's order", "nothing"),
    "search-path-missing": Entry(NOTE, "JUPYTER_PATH names a folder that is not there", "take it out, or mount it"),
    "search-path-relative": Entry(WARNING, "JUPYTER_PATH names a folder by a path that means another one everywhere",
        "write the whole path"),
    "search-path-hung": Entry(FAULT, "a folder of the search path did not answer in time, and Jupyter waits for it",
        "take it off JUPYTER_PATH, or mend its file system"),
    "shadowed": Entry(WARNING, "a kernelspec that nobody gets: an earlier folder has one of that name",
        "remove or rename one of the two"),
    "native-kernel": Entry(  # jupyter/jupyter_client#964, #1072, jupyter-server/jupyter_server#1461
        NOTE, "python3, the server's own Python, is offered whatever kernelspecs there are",
        "c.KernelSpecManager.ensure_native_kernel = False ends that; allowed_kernelspecs only keeps it out of lists"),
    # Kernelspecs
    "kernel-broken": Entry(FAULT, "Jupyter cannot start it from this kernel.json", "correct it, or install it again"),
    "kernel-hung": Entry(FAULT, "its folder did not answer in time", "mend the file system that it lies on"),
    "software-gone": Entry(FAULT, "what it runs is no longer there",
        "install it again from a release that is, or remove it"),
    "refused-value": Entry(WARNING, "a value of a type that jupyter_client refuses", "correct kernel.json"),
    "unknown-key": Entry(WARNING, "a key that jupyter_client does not know, and will refuse one day",
        "move it into metadata"),
    "odd-name": Entry(WARNING, "a folder's name that Jupyter warns about or cannot remove",
        "rename it: lower case, letters, digits, '.', '_' and '-'"),
    "argv0-in-folder": Entry(  # jupyter_client 8.10, kernelspecapp.py
        WARNING, "argv[0] holds {resource_dir}: `jupyter kernelspec remove --missing` deletes it, VS Code may hide it",
        'begin argv with the shell: ["/bin/bash", "{resource_dir}/setup.sh", ...]'),
    "server-python": Entry(NOTE, "argv[0] is a bare python, in the place of which Jupyter puts its server's own",
        "write the interpreter's whole path"),
    "connection-file-missing": Entry(FAULT, "argv has no {connection_file}, so the kernel cannot be reached",
        'add the two words "-f", "{connection_file}"'),
    "connection-file-in-word": Entry(  # microsoft/vscode-jupyter#7203
        WARNING, "{connection_file} stands inside a larger word: VS Code does not fill it in, and a shell splits it",
        'make it a word of its own, and "$1" or "$@" in the script'),
    "provisioner-unknown": Entry(FAULT, "the server has no provisioner of that name, and drops the kernel",
        "install what provides it into the server's environment"),
    "provisioner-ignored": Entry(  # bluss/pyproject-local-kernel#39
        NOTE, "VS Code ignores provisioners, and starts argv on its own machine", "tell those who use VS Code"),
    "secret-in-spec": Entry(WARNING, "kernel.json is read by everybody who may read the folder",
        'let it come from the server: "${NAME}"'),
    "closed-to-others": Entry(  # twosigma/beakerx#6105
        WARNING, "it lies where every user's Jupyter looks, and they may not read it", "chmod -R a+rX on its folder"),
    # Who may change what runs
    "open-to-others": Entry(FAULT, "another user may change what this account runs", "chmod go-w, or move it"),
    "private-folder-open": Entry(WARNING, "what the steps made, or what launches did, can be read or changed by others",
        "chmod go= on it; kernelkit's wrappers use none that is open"),
    # What a server hands on
    "leaking-variable": Entry(WARNING, "a variable of the server reaches kernels that do not drop it",
        "unset it where the server is started; kernels made by kernelkit drop it"),
}  # fmt: skip

TABLE: dict[str, Entry] = {**OWN, **OF_LINT}
SEVERITIES = (FAULT, WARNING, NOTE)
