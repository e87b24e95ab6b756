"""Which release a word means on a machine, and how a software area that does not answer is told."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelkit.definition import ReleaseSource
from kernelkit.errors import SoftwareError
from kernelkit.platformtag import Host, PlatformTag, this_host
from kernelkit.releases import ALRB, Area, offer
from kernelkit.selection import ordered, select

EL9 = Host("x86_64", "el9", (2, 34))
EL7 = Host("x86_64", "el7", (2, 17))
DEBIAN = Host("x86_64", "debian12", (2, 36))
ARM = Host("aarch64", "el9", (2, 34))

MAP = """\
60802|S|6.08.02-x86_64-slc6-gcc49-opt|6.08.02-x86_64-slc6-gcc49-opt|
60806|S|6.08.06-HiggsComb-x86_64-slc6-gcc49-opt|6.08.06-HiggsComb-x86_64-slc6-gcc49-opt|
62808|S|6.28.08-x86_64-el9-gcc13-opt|6.28.08-x86_64-el9-gcc13-opt|current|
62810|S|6.28.10-x86_64-centos7-gcc11-opt|6.28.10-x86_64-centos7-gcc11-opt|
63002|S|6.30.02-x86_64-el9-gcc13-dbg|6.30.02-x86_64-el9-gcc13-dbg|
63002|S|6.30.02-x86_64-el9-gcc13-opt|6.30.02-x86_64-el9-gcc13-opt|recommended|recommended-el9|
63002|S|6.30.02-HiggsComb-x86_64-el9-gcc13-opt|6.30.02-HiggsComb-x86_64-el9-gcc13-opt|
63004|H|6.30.04-x86_64-el9-gcc13-opt|6.30.04-x86_64-el9-gcc13-opt|
64000|S|6.40.00-aarch64-el9-gcc14-opt|6.40.00-aarch64-el9-gcc14-opt|
"""


@pytest.fixture
def area(tmp_path):
    index = tmp_path / "cvmfs" / ALRB / "x86_64/root/.alrb"
    index.mkdir(parents=True)
    (index / "mapfile.txt").write_text(MAP)
    return Area(tmp_path / "cvmfs", EL9)


@pytest.fixture
def found(area):
    return offer(ReleaseSource("alrb", "root"), area)


def name(found, asked, host=EL9, force=False):
    return select(found, asked, host, force=force, listing="LIST").release.name


@pytest.mark.parametrize(("asked", "host", "expected"), [
    ("6.08", EL9, "6.08.06-HiggsComb-x86_64-slc6-gcc49-opt"),
    ("6.08.02", EL9, "6.08.02-x86_64-slc6-gcc49-opt"),
    ("6.08", DEBIAN, "6.08.06-HiggsComb-x86_64-slc6-gcc49-opt"),
    ("6.28", EL9, "6.28.08-x86_64-el9-gcc13-opt"),  # native before newer
    ("6.28", EL7, "6.28.10-x86_64-centos7-gcc11-opt"),
    ("6.30", EL9, "6.30.02-x86_64-el9-gcc13-opt"),  # no flavour before one, opt before dbg, hidden never
    ("6", EL9, "6.30.02-x86_64-el9-gcc13-opt"),
    ("recommended", EL9, "6.30.02-x86_64-el9-gcc13-opt"),
    ("current", EL9, "6.28.08-x86_64-el9-gcc13-opt"),
    ("6.30.04-x86_64-el9-gcc13-opt", EL9, "6.30.04-x86_64-el9-gcc13-opt"),  # hidden, but named in full
])  # fmt: skip
def test_what_a_word_means(found, asked, host, expected):
    assert name(found, asked, host) == expected


@pytest.mark.parametrize(("asked", "host", "words"), [
    ("6.30.02-x86_64-el9-gcc13-opt", EL7, "built for x86_64-el9, which does not run on this machine"),
    ("6.40", EL9, "built for aarch64-el9"),
    ("6.08", ARM, "built for x86_64-slc6"),
    ("6.0", EL9, "no release '6.0'"),
    ("", EL9, "no release ''"),
    ("6.09", EL9, "did you mean '6.08.0"),
    ("recomended", EL9, "did you mean 'recommended'"),
])  # fmt: skip
def test_what_is_refused(found, asked, host, words):
    with pytest.raises(SoftwareError) as caught:
        select(found, asked, host, force=False, listing="LIST")
    assert words in caught.value.problem
    assert "LIST" in caught.value.advice


def test_force_takes_any_platform_and_warns(found):
    selected = select(found, "6.40", EL9, force=True, listing="")
    assert (selected.release.name, "another kind of machine" in selected.warning) == (
        "6.40.00-aarch64-el9-gcc14-opt",
        True,
    )


def test_an_older_build_is_taken_with_a_warning_and_an_explanation(found):
    selected = select(found, "6.08", EL9, force=False, listing="")
    assert "older system" in selected.warning
    assert selected.note.startswith("2 of 2 releases that begin with 6.08 fit x86_64-el9")


@pytest.mark.parametrize("names", [
    ["LCG_98python3", "LCG_107", "LCG_107a", "LCG_110"], ["light-2601-hyperion", "light-2603-ina"],
    ["LCG_107_swan", "LCG_107"], ["LCG_107a_ATLAS_2", "LCG_107a"], ["prerelease-10-00-00a", "prerelease-10-00-00b"],
    ["release-08-03-00", "release-09-00-15"], ["v2", "v10"], ["6.8.1", "6.08.06", "6.30.02"], ["nightly", "2024"],
])  # fmt: skip
def test_names_are_ordered_by_their_numbers_and_the_plain_one_wins(names):
    from kernelkit.releases import Release

    releases = [Release(name) for name in reversed(names)]
    assert [release.name for release in ordered(releases, EL9)] == list(reversed(names))


def test_the_order_of_a_listing_begins_with_what_fits(found):
    names = [release.name for release in ordered(found.releases, EL9)]
    assert names[0] == "6.30.04-x86_64-el9-gcc13-opt"
    assert names[-1] == "6.40.00-aarch64-el9-gcc14-opt"


@given(st.text(max_size=30))
def test_any_word_gives_a_release_or_an_error_of_ours(word):
    from kernelkit.releases import Offer, _tagged

    found = Offer("x", tuple(_tagged(line.split("|")[3]) for line in MAP.splitlines()))
    try:
        chosen = select(found, word, EL9, force=False, listing="")
    except SoftwareError:
        return
    assert chosen.release in found.releases


class TestPlatforms:
    def test_tags(self):
        tag = PlatformTag.within("6.08.06-HiggsComb-x86_64-slc6-gcc49-opt")
        assert (tag.machine, tag.system, tag.compiler, tag.kind) == ("x86_64", "slc6", "gcc49", "opt")
        assert PlatformTag.within("light-2603-ina") is None

    @pytest.mark.parametrize(("text", "system"), [
        ('ID="almalinux"\nVERSION_ID="9.4"', "el9"), ("ID=debian\nVERSION_ID=12", "debian12"),
        ('ID=ubuntu\nVERSION_ID="24.04"', "ubuntu2404"), ("", "unknown"),
    ])  # fmt: skip
    def test_this_host(self, tmp_path, text, system):
        (tmp_path / "os-release").write_text(text)
        host = this_host(tmp_path / "os-release")
        assert (host.system, host.machine) == (system, os.uname().machine)


class TestAreas:
    def test_belle2(self, sandbox):
        area = Area(sandbox, EL9)
        found = offer(ReleaseSource("basf2"), area)
        assert found.alias("recommended").name == "light-2603-ina"
        assert name(found, "light-2603") == "light-2603-ina"
        assert name(found, "release-09") == "release-09-00-15"

    def test_lcg_views(self, sandbox):
        assert "LCG_107" in [release.name for release in offer(ReleaseSource("lcg"), Area(sandbox, EL9)).releases]

    def test_a_plain_folder(self, tmp_path):
        for entry in ("v1", "v2", ".hidden"):
            (tmp_path / "stack" / entry).mkdir(parents=True)
        source = ReleaseSource("directory", path="{{ cvmfs }}/stack")
        assert [release.name for release in offer(source, Area(tmp_path, EL9)).releases] == ["v1", "v2"]

    def test_a_missing_empty_and_unreadable_area(self, tmp_path, area):
        with pytest.raises(SoftwareError, match="No such file or directory") as caught:
            offer(ReleaseSource("alrb", "root"), Area(tmp_path / "none", EL9))
        assert "--cvmfs" in caught.value.advice
        assert "kernelkit demo" in caught.value.advice
        mapfile = area.cvmfs / ALRB / "x86_64/root/.alrb/mapfile.txt"
        mapfile.write_text("")
        with pytest.raises(SoftwareError, match="lists no release"):
            offer(ReleaseSource("alrb", "root"), area)
        mapfile.unlink()
        mapfile.symlink_to(mapfile)
        with pytest.raises(SoftwareError, match="Too many levels of symbolic links"):
            offer(ReleaseSource("alrb", "root"), area)

    def test_an_area_that_hangs_is_left_in_time(self, area):
        mapfile = area.cvmfs / ALRB / "x86_64/root/.alrb/mapfile.txt"
        mapfile.unlink()
        os.mkfifo(mapfile)
        with pytest.raises(SoftwareError, match="did not answer within 8 s"):
            offer(ReleaseSource("alrb", "root"), area)
