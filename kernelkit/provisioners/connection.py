"""What a kernel is told of its connection, and what it tells back.

The node's address is not known before a job runs, nor are ports, which the kernel picks on its node: ipykernel binds
to free ones where the file says 0 and writes them back (kernelapp.py, write_connection_file); for other kernels the
job's script picks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import zmq
from jupyter_client.connect import KernelConnectionInfo

from kernelkit.provisioners.place import PlaceError

PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
SAME = ("signature_scheme", "curve_publickey", "curve_secretkey")
ADDRESS, PORT = "@address@", "@port@"  # for the job's script to fill in


def offer(manager: Any, *, encryption: str, known: bool, picked: bool = False) -> dict[str, Any]:
    """The content of the connection file before the node is known; ``known`` where the ports stay as they were.

    ``picked`` where the job's script must pick them, whatever the kernel is.
    ``encryption`` is ``auto``, ``required`` or ``disabled``. Raises PlaceError where it is required and cannot be.
    """
    free = 0 if _picks_ports(manager.kernel_spec) and not picked else PORT
    ports = {name: (known and getattr(manager, name)) or free for name in PORTS}
    key = manager.session.key
    return {
        **ports, "ip": ADDRESS, "transport": "tcp", "key": key.decode(), **_curve(manager, encryption),
        "signature_scheme": manager.session.signature_scheme, "kernel_name": manager.kernel_name,
    }  # fmt: skip


def accepted(told: Mapping[str, Any], offered: Mapping[str, Any]) -> KernelConnectionInfo:
    """What a kernel wrote, as a kernel manager takes it, with the keys that were offered: they do not come back."""
    said = {name: told[name] for name in (*PORTS, "ip", "transport") if name in told}
    same = {name: offered[name] for name in SAME if name in told and name in offered}
    return cast(KernelConnectionInfo, {**said, **same, "key": str(offered["key"]).encode()})


def _picks_ports(spec: Any) -> bool:
    """Whether the kernel binds to free ports by itself and writes them back."""
    return "kernelkit" in spec.metadata or any("ipykernel" in argument for argument in spec.argv)


def _curve(manager: Any, encryption: str) -> dict[str, str]:
    """New keys, or those that it has; empty where the connection is not encrypted."""
    required = encryption == "required" or getattr(manager, "transport_encryption", "") == "required"
    if encryption == "disabled" and not required:
        return {}
    declared = manager.kernel_spec.metadata.get("supported_encryption") or []
    able = hasattr(manager, "curve_publickey") and zmq.has("curve")
    if able and "curve" in declared:
        if manager.curve_publickey is None:
            manager.curve_publickey, manager.curve_secretkey = zmq.curve_keypair()
        return {
            "curve_publickey": manager.curve_publickey.decode(),
            "curve_secretkey": manager.curve_secretkey.decode(),
        }
    if required:
        lacking = "its ipykernel (7.3 or newer is needed)" if able else "this server (jupyter_client 8.9 is needed)"
        raise PlaceError(f"the connection must be encrypted, and {lacking} cannot", "Use another kernel, or allow it.")
    return {}
