"""How uv and pip reach a package index: the caller's way to it, each told in its own words."""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

# How the caller reaches an index: these come from the caller alone. The software's own are dropped: ALRB sets
# SSL_CERT_DIR to the grid's certificates, and b2venv sets PIP_PREFIX.
CALLERS = re.compile(
    r"(?i:(https?|all|no)_proxy)|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|NETRC"
    r"|PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|TRUSTED_HOST|CERT|CLIENT_CERT|PROXY|CONFIG_FILE|CACHE_DIR"
    r"|NO_CACHE_DIR|DEFAULT_TIMEOUT|TIMEOUT|RETRIES|KEYRING_PROVIDER)"
    r"|UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_.+_(USERNAME|PASSWORD)|FIND_LINKS|OFFLINE"
    r"|INDEX_STRATEGY|INSECURE_HOST|SYSTEM_CERTS|NATIVE_TLS|HTTP_TIMEOUT|HTTP_RETRIES|KEYRING_PROVIDER|CONFIG_FILE|CACHE_DIR)"
)
FOREIGN = re.compile(r"PIP_.*|UV_.*|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|NETRC")

# uv reads no pip.conf; what one says of indexes is put in uv's words (docs.astral.sh/uv, "Environment variables").
UV_WORDS = {
    "index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST", "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY", "constraint": "UV_CONSTRAINT",
}  # fmt: skip

UV_INDEXES = {"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE"}


def uv_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv: the caller's way to an index, in its own words or else in those of a pip.conf."""
    passed = _callers(environment)
    if any(
        name in passed for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_NO_INDEX", "UV_CONFIG_FILE")
    ):
        return passed
    settings = pip_settings(passed)
    told = {UV_WORDS[key]: value for key, value in settings.items() if key in UV_WORDS and value}
    if "UV_FIND_LINKS" in told:
        told["UV_FIND_LINKS"] = ",".join(told["UV_FIND_LINKS"].split())
    # pip takes the best version of all indexes, uv by default what the first of them has.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match"} | told | passed


def pip_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip; a configuration that installs for the user or demands a venv is not meant for us."""
    return _callers(environment) | {
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def uv_options(environment: Mapping[str, str]) -> list[str]:
    """Of pip's settings, the one that forbids indexes can be told to uv only as an option."""
    passed = _callers(environment)
    forbids = pip_settings(passed).get("no-index", "").lower() in ("1", "true", "yes", "on")
    return ["--no-index"] if forbids and not passed.keys() & UV_INDEXES else []


def _callers(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not FOREIGN.fullmatch(name)}
    return kept | {name: value for name, value in os.environ.items() if CALLERS.fullmatch(name)}


def pip_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What pip's configuration files and variables say, the last word winning (pip's "Configuration" page)."""
    home = Path(environment.get("HOME", "/"))
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), home / ".pip/pip.conf", config / "pip/pip.conf",
             Path(sys.prefix, "pip.conf")]  # fmt: skip
    named = environment.get("PIP_CONFIG_FILE")
    parser = configparser.RawConfigParser()
    parser.read([] if named == os.devnull else [*files, *([named] if named else [])], encoding="utf-8")
    sections = [dict(parser[name]) for name in ("global", "install") if parser.has_section(name)]
    variables = {key: environment.get("PIP_" + key.upper().replace("-", "_")) for key in (*UV_WORDS, "no-index")}
    found: dict[str, str] = {}
    for section in [*sections, {key: value for key, value in variables.items() if value}]:
        found |= section
    return {key: " ".join(value.split()) for key, value in found.items()}
