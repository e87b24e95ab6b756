"""Which release an asked word means on this machine: a full name, an alias, or a prefix."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kernelkit.catalogue import did_you_mean
from kernelkit.errors import SoftwareError
from kernelkit.platformtag import GLIBC, Host, PlatformTag
from kernelkit.releases import Offer, Release

FITS = ("native", "older")
VERSION = re.compile(r"[A-Za-z]*[-_]?(\d+(?:[-._]\d+)*)([a-z]?)(?![a-z])(.*)")  # light-2603-ina, 6.08.06, LCG_107a
NEWEST = "newest"  # the word for the release that fits best, where a listing has no alias for it


@dataclass(frozen=True)
class Selected:
    """The release, why it was this one, and what to warn of (empty where there is nothing)."""

    release: Release
    note: str
    warning: str = ""


def select(offer: Offer, asked: str, host: Host, *, force: bool, listing: str) -> Selected:
    """The release that ``asked`` means: a full name, an alias, a prefix or ``newest``; ``listing`` shows them all.

    Raises SoftwareError where there is none, or none that runs here; ``force`` accepts any platform.
    """
    exact = next((release for release in offer.releases if release.name == asked), None) or offer.alias(asked)
    if exact:
        return _judged(exact, f"{asked} in {offer.origin}", host, force, listing)
    shown = [release for release in offer.releases if not release.hidden] or list(offer.releases)
    matching = shown if asked == NEWEST else [release for release in shown if _begins(release.name, asked)]
    if not matching:
        raise SoftwareError(f"no release {asked!r} in {offer.origin}{_near(offer, asked)}", f"`{listing}` lists them.")
    best = max(matching, key=lambda release: preference(release, host))
    return _judged(best, _why(best, matching, asked, host), host, force, listing)


def select_default(offer: Offer, asked: str, host: Host, *, force: bool, listing: str) -> Selected:
    """The release that a definition's default means; where there is no such one, the one that fits best."""
    try:
        return select(offer, asked, host, force=force, listing=listing)
    except SoftwareError:
        selected = select(offer, NEWEST, host, force=force, listing=listing)
    return dataclasses.replace(selected, note=f"nothing is called {asked} here; {selected.note}")


def ordered(releases: Sequence[Release], host: Host) -> list[Release]:
    """The releases from the one that would be preferred to the one that would not."""
    return sorted(releases, key=lambda release: preference(release, host), reverse=True)


def preference(release: Release, host: Host) -> tuple[object, ...]:
    """What fits best sorts last: native, else the newest older system; newest version; no flavour; opt; compiler."""
    fit = host.fit(release.machine, release.system)
    rank = {"native": 3, "older": 2, "newer": 1, "foreign": 0}[fit]
    age = GLIBC.get(release.system or "", (0, 0)) if fit == "older" else (0, 0)
    tag = PlatformTag.within(release.name)
    version, flavour = parted(release.name.removesuffix(str(tag)))
    compiler = parted(tag.compiler)[0] if tag else ((), "")
    return rank, age, version, not flavour, not release.name.endswith("-dbg"), compiler, release.name


def parted(name: str) -> tuple[tuple[tuple[int, ...], str], str]:
    """A name's version, as what orders it, and its flavour: ``LCG_107a_swan`` is version 107a, flavour swan."""
    match = VERSION.match(name)
    if not match:
        return ((), name), ""
    numbers = tuple(int(number) for number in re.findall(r"\d+", match[1]))
    return (numbers, match[2]), match[3].strip("-_")


def _begins(name: str, asked: str) -> bool:
    return name.startswith(asked) and not (name[len(asked)].isalnum() and asked[-1:].isalnum()) if asked else False


def _judged(release: Release, note: str, host: Host, force: bool, listing: str) -> Selected:
    fit = host.fit(release.machine, release.system)
    if fit in FITS or force:
        return Selected(release, note, _warning(release, host, fit))
    built = "-".join(part for part in (release.machine, release.system) if part)
    raise SoftwareError(
        f"{release.name} is built for {built}, which does not run on this machine ({host})",
        f"`{listing}` shows what fits; --force-platform takes it all the same.",
    )


def _warning(release: Release, host: Host, fit: str) -> str:
    if fit == "native":
        return ""
    kind = {"older": "an older system", "newer": "a newer system", "foreign": "another kind of machine"}[fit]
    return f"{release.name} was built for {kind} than this ({host}); it may need libraries that only a container has"


def _why(best: Release, matching: Sequence[Release], asked: str, host: Host) -> str:
    fitting = [release for release in matching if host.fit(release.machine, release.system) in FITS]
    wanted = "here" if asked == NEWEST else f"that begin with {asked}"
    count = f"{len(fitting)} of {len(matching)} releases {wanted} fit {host}"
    nearest = "this" if _native(best, host) else "the nearest older"
    return f"{count}; this is the newest of those built for {nearest} system"


def _native(release: Release, host: Host) -> bool:
    return host.fit(release.machine, release.system) == "native"


def _near(offer: Offer, asked: str) -> str:
    """The versions that begin most alike, or the names that look alike."""
    versions = {release.name.split("-")[0] for release in offer.releases if release.name[:1].isdigit()}
    if not asked[:1].isdigit() or not versions:
        return did_you_mean(asked, [*(release.name for release in offer.releases), *_aliases(offer)])
    alike = max(_alike(asked, version) for version in versions)
    near = [version for version in versions if _alike(asked, version) == alike]
    return did_you_mean(asked, sorted(near, key=parted, reverse=True)[:3]) if alike > 1 else ""


def _alike(one: str, other: str) -> int:
    """How many characters two names have in common at their beginning."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _aliases(offer: Offer) -> list[str]:
    return [alias for release in offer.releases for alias in release.aliases]
