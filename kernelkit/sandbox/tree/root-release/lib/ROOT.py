"""kernelkit sandbox: a stand-in for PyROOT, just enough for a first notebook. This is not ROOT.

Runs on Python 2.7 and 3.
"""

import math
import os

SANDBOX = True
_HERE = os.path.dirname(os.path.realpath(__file__))
with open(os.path.join(os.path.dirname(_HERE), "etc", "sandbox-release")) as _file:
    _VERSION, _SHOWN, _PYTHON = _file.read().split()
__version__ = _SHOWN


class _TROOT(object):
    """The object that a ROOT session has as gROOT."""

    def GetVersion(self):
        return _SHOWN

    def GetVersionInt(self):
        """60806 for 6.08/06."""
        major, minor, patch = (int(part) for part in _VERSION.split("."))
        return major * 10000 + minor * 100 + patch

    def SetBatch(self, batch=True):
        self._batch = bool(batch)

    def IsBatch(self):
        return getattr(self, "_batch", True)


gROOT = _TROOT()


class TH1F(object):
    """A histogram of equal bins, the two outside ones included."""

    def __init__(self, name="", title="", bins=100, low=0.0, high=1.0):
        self._name, self._title = name, title
        self._bins, self._low, self._high = int(bins), float(low), float(high)
        self._content = [0.0] * (self._bins + 2)
        self._entries, self._sums = 0, [0.0, 0.0, 0.0]

    def Fill(self, x, weight=1.0):
        """Add one value, and return the number of its bin (-1 outside)."""
        self._entries += 1
        inside = self._low <= x < self._high
        width = (self._high - self._low) / self._bins
        if inside:
            number = min(int((x - self._low) / width), self._bins - 1) + 1
            self._sums = [s + weight * x**power for power, s in enumerate(self._sums)]
        else:
            number = 0 if x < self._low else self._bins + 1
        self._content[number] += weight
        return number if inside else -1

    def FillRandom(self, function="gaus", entries=5000):
        """Fill with as many values of a fixed bell shape, the same ones every time."""
        middle, width = (self._low + self._high) / 2, (self._high - self._low) / 8
        for number in range(int(entries)):
            angle = 2 * math.pi * ((number * 0.754877666) % 1)
            radius = math.sqrt(-2 * math.log(((number + 1) * 0.569840291) % 1 or 0.5))
            self.Fill(middle + width * radius * math.cos(angle))

    def GetName(self):
        return self._name

    def GetTitle(self):
        return self._title

    def GetEntries(self):
        return float(self._entries)

    def GetNbinsX(self):
        return self._bins

    def GetBinContent(self, number):
        return self._content[number]

    def Integral(self):
        return sum(self._content[1:-1])

    def GetMean(self):
        weights, total, _ = self._sums
        return total / weights if weights else 0.0

    def GetStdDev(self):
        weights, total, squares = self._sums
        return math.sqrt(max(squares / weights - (total / weights) ** 2, 0.0)) if weights else 0.0

    def Draw(self, option=""):
        if TCanvas.current is None:
            TCanvas()
        TCanvas.current._drawn = self

    def __repr__(self):
        return "<sandbox TH1F %r: %d entries, mean %.4g>" % (self._name, self._entries, self.GetMean())


class TH1D(TH1F):
    """The same, under its other name."""


class TCanvas(object):
    """Shows the histogram that was drawn last: as SVG in a notebook, as a line of text elsewhere."""

    current = None

    def __init__(self, name="c1", title="", width=696, height=472):
        self._name, self._title, self._size, self._drawn = name, title, (int(width), int(height)), None
        TCanvas.current = self

    def GetName(self):
        return self._name

    def cd(self, pad=0):
        TCanvas.current = self
        return self

    def Update(self):
        pass

    def Draw(self, option=""):
        try:
            from IPython.display import SVG, display
        except ImportError:
            print("<sandbox TCanvas %r: %r>" % (self._name, self._drawn))
        else:
            display(SVG(data=self._svg()))

    def _svg(self):
        width, height = self._size
        content = self._drawn._content[1:-1] if self._drawn else []
        top = max(content) if content and max(content) > 0 else 1.0
        step = (width - 40.0) / max(len(content), 1)
        bars = [
            '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#4169b1"/>'
            % (20 + n * step, height - 30 - (height - 70) * value / top, step, (height - 70) * value / top)
            for n, value in enumerate(content)
        ]
        title = "%s (kernelkit sandbox)" % (self._drawn.GetTitle() if self._drawn else self._title)
        title = title.replace("&", "&amp;").replace("<", "&lt;")
        return '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"><text x="20" y="24">%s</text>%s</svg>' % (
            width, height, title, "".join(bars),
        )
