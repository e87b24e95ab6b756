"""Reading definition files: every fault at once, each with file, key and the nearest name."""

import pytest

from kernelkit import catalogue, reading
from kernelkit.errors import DefinitionError


def read(folder, text, name="sample.toml"):
    file = folder / name
    file.write_text(text)
    return reading.read(file)


def faults(folder, text, name="sample.toml"):
    with pytest.raises(DefinitionError) as caught:
        read(folder, text, name)
    prefix = f"{folder / name}: "
    assert all(fault.startswith(prefix) for fault in caught.value.faults)
    return [fault.removeprefix(prefix) for fault in caught.value.faults]


@pytest.mark.parametrize("name", sorted(catalogue.definition_files()))
def test_what_is_shipped_can_be_read(name):
    definition = reading.load(name)
    assert definition.summary
    assert definition.name == name


def test_every_fault_is_told_at_once(tmp_path):
    text = """
    display = "x"
    language = 3
    [options.root]
    releases = { from = "albr" }
    [options.cvmfs]
    [[steps]]
    use = "alrb"
    setpu = ["root"]
    setup = "root"
    [[steps]]
    use = "basf"
    [[steps]]
    use = "script"
    [launch]
    pyhton = "auto"
    [[checks]]
    name = "n"
    """
    assert faults(tmp_path, text) == [
        "display: unknown key; did you mean 'display_name'?",
        "language: must be a string",
        "the file: 'display_name' is missing",
        "options.root.releases.from: 'albr' is none of alrb, basf2, lcg, directory; did you mean 'alrb'?",
        "options.cvmfs: `kernelkit install` has an option of that name already; call it otherwise",
        "steps[1].setpu: the step 'alrb' takes no such argument; did you mean 'setup' or 'asetup'?",
        "steps[1].setup: must be a list of strings",
        "steps[2].use: there is no step 'basf'; did you mean 'basf2'?",
        "steps[3]: 'script' needs 'path'",
        "launch.pyhton: unknown key; did you mean 'python'?",
        "checks[1]: 'code' is missing",
    ]


@pytest.mark.parametrize(("text", "fault"), [
    ("x = 1\ny = ?", "not valid TOML: Invalid value (at line 2, column 5)"),
    ('display_name = "x"\nsteps = 3', "steps: must be a list of tables"),
    ('display_name = "x"\nlaunch = 3', "launch: must be a table"),
    ('display_name = "x"\noptions = { root = 3 }', "options.root: must be a table"),
    ('display_name = "x"\n[options.Root]', "options.Root: an option's name is lower case: letters, digits and '_'"),
    ('display_name = "x"\n[[steps]]\nuse = 3', "steps[1]: 'use' must name a step template"),
    ('display_name = "a\\u0000b"', "display_name: holds a NUL character, which no environment can carry"),
    ('display_name = "x"\nenv = { "a b" = "c" }', "'a b' is no variable's name"),
    ('display_name = "x"\nbase = ["a;b"]', "'a;b' is no variable's name"),
    ('display_name = "x"\n[[steps]]\nuse="env"\nexpects={variables=["a b"]}', "'a b' is no variable's name"),
    ('display_name = "{{ rot }}"\n[options.root]', "display_name: {{ rot }} is no option; did you mean 'root'?"),
    ('display_name = "{{ root.version }}"\n[options.root]', "display_name: {{ root.version }}: an option has only asked here"),
    ('display_name = "{{ root."', "display_name: not a valid template: expected name or number"),
    ('display_name = "x"\nextends = "zzz"', "extends: no definition is called 'zzz'"),
    ('display_name = "x"\nlanguage = ["python"]', "language: must be a string"),
])  # fmt: skip
def test_a_fault_says_where_it_is(tmp_path, text, fault):
    assert faults(tmp_path, text) == [fault]


def test_an_attribute_that_no_release_has_is_refused(tmp_path):
    text = 'display_name = "{{ root.upper }}"\n[options.root]\nreleases = { from = "lcg" }'
    assert faults(tmp_path, text) == [
        "display_name: {{ root.upper }}: an option has only version, flavour, platform, asked here"
    ]


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(DefinitionError, match="cannot be read"):
        reading.read(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DefinitionError, match="cannot be read"):
        reading.read(tmp_path / "bytes.toml")


class TestSearchPath:
    @pytest.fixture
    def site(self, tmp_path, monkeypatch):
        folder = tmp_path / "site"
        folder.mkdir()
        monkeypatch.setenv("KERNELKIT_PATH", str(folder))
        return folder

    def test_the_first_match_wins(self, site):
        (site / "atlas.toml").write_text('display_name = "ours"')
        assert reading.load("atlas").display_name == "ours"

    def test_the_users_folder_comes_before_the_shipped(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        folder = tmp_path / "kernelkit/kernels/Lab"
        folder.mkdir(parents=True)
        (folder / "atlas.toml").write_text('display_name = "mine"')
        assert reading.load("atlas").display_name == "mine"

    def test_a_definition_extends_another(self, site):
        (site / "higgs.toml").write_text('extends = "atlas"\ndisplay_name = "Higgs"\n[options.root]\ndefault = "6.08"')
        higgs = reading.load("higgs")
        assert (higgs.display_name, higgs.options["root"].default) == ("Higgs", "6.08")
        assert higgs.options["root"].releases == reading.load("atlas").options["root"].releases
        assert higgs.steps == reading.load("atlas").steps
        assert [path.name for path in higgs.sources] == ["higgs.toml", "atlas.toml"]

    def test_a_site_changes_a_shipped_definition_under_its_own_name(self, site):
        (site / "atlas.toml").write_text('extends = "atlas"\n[options.root]\ndefault = "6.14"')
        assert reading.load("atlas").options["root"].default == "6.14"
        assert reading.load("atlas").steps

    def test_a_circle_is_told(self, site):
        (site / "a.toml").write_text('extends = "b"')
        (site / "b.toml").write_text('extends = "a"')
        with pytest.raises(DefinitionError, match="in a circle: a -> b -> a"):
            reading.load("a")

    def test_a_site_adds_a_step_without_python(self, site):
        (site / "steps").mkdir()
        (site / "steps/greet.sh.j2").write_text(
            '{--\nsummary = "greets"\n[parameters.who]\ntype = "string"\nrequired = true\n--}\nexport GREETING=hello-{{ who }}\n'
        )
        (site / "hi.toml").write_text('display_name = "hi"\n[[steps]]\nuse = "greet"\nwho = "you and \'me\'"')
        from kernelkit import render
        from kernelkit.resolve import Asked, resolve

        text = render.wrapper(resolve(reading.load("hi"), Asked(), say=lambda _: None))
        assert "export GREETING=hello-'you and '\"'\"'me'\"'\"''" in text

    @pytest.mark.parametrize("body", ['x="{{ who }}"', "x='{{ who }}'", "# {{ who }}\n", 'x="a\\"{{ who }}"'])
    def test_a_step_that_quotes_by_hand_is_refused(self, site, body):
        (site / "steps").mkdir()
        (site / "steps/greet.sh.j2").write_text('{--\n[parameters.who]\ntype = "string"\n--}\n' + body)
        (site / "hi.toml").write_text('display_name = "hi"\n[[steps]]\nuse = "greet"\nwho = "x"')
        from kernelkit import render
        from kernelkit.resolve import Asked, resolve

        with pytest.raises(DefinitionError, match=r"greet\.sh\.j2:\d+: an interpolation stands inside"):
            render.wrapper(resolve(reading.load("hi"), Asked(), say=lambda _: None))

    def test_unknown_names_are_told_with_the_nearest(self):
        with pytest.raises(DefinitionError, match="no definition is called 'atals'; did you mean 'atlas'"):
            reading.load("atals")


@pytest.mark.parametrize("name", [file.stem for file in catalogue.shipped("kernels").glob("*/*.toml")])
def test_every_shipped_definition_is_whole(name):
    """It says what it is and where it was tried, checks its kernel, and has a logo of each size."""
    definition = reading.load(name)
    assert definition.summary
    assert definition.tried
    assert definition.checks
    for logo, start in (("logo-32x32.png", b"\x89PNG"), ("logo-64x64.png", b"\x89PNG"), ("logo-svg.svg", b"<svg")):
        assert (definition.folder / logo).read_bytes().startswith(start)
