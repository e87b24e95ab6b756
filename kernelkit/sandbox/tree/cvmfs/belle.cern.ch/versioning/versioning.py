"""kernelkit sandbox: which releases are supported, in the shape of Belle II's versioning. See SANDBOX.txt."""

# recommended release
_recommended_release = 'light-2603-ina'

# list of supported full releases
_supported_releases = [
    'release-06-00-14', 'release-06-01-16', 'release-06-02-00',
    'release-08-00-10', 'release-08-01-10', 'release-08-02-06', 'release-08-03-00',
    'release-09-00-15'
]

# list of supported prereleases
_supported_pre_releases = [
    'prerelease-10-00-00a',
]

# list of supported light releases
_supported_light_releases = [
    'light-2505-deimos', 'light-2507-europa', 'light-2509-fornax', 'light-2511-gacrux', 'light-2601-hyperion', 'light-2603-ina'
]


def supported_release(release=None):
    """The release to use in place of the given one, which is itself where it is supported."""
    if release is None:
        return _recommended_release
    if release in _supported_releases + _supported_pre_releases + _supported_light_releases:
        return release
    if release.startswith('light'):
        return _supported_light_releases[-1]
    return _supported_releases[-1]
