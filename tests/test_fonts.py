"""The font in the package draws every word the software writes, and may be given away as it is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from huyou_sim.fonts import FAMILY, font_path

ROOT = Path(__file__).resolve().parents[1]
TABLES = [
    ROOT / "src" / "huyou_sim" / "variables.csv",
    *sorted(ROOT.glob("src/huyou_sim/output/*.csv")),
    *sorted(ROOT.glob("data/*/areas.csv")),
    *sorted(ROOT.glob("data/*/indicators.csv")),
]
DOCUMENTS = [*sorted(ROOT.glob("scenarios/*.toml")), *sorted(ROOT.glob("data/*/pack.toml"))]


@pytest.fixture(scope="module")
def font():
    return TTFont(font_path())


def strings(value):
    """Yield every text inside a parsed document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def lacking(font: TTFont, text: str) -> str:
    """Return the characters of a text that the font cannot draw."""
    known = font.getBestCmap()
    return "".join(sorted({char for char in text if char not in "\r\n\ufeff" and ord(char) not in known}))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_font_has_every_character_of_a_table(font, path):
    assert lacking(font, path.read_text(encoding="utf-8")) == ""


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_font_has_every_character_of_a_document(font, path):
    text = "".join(strings(tomllib.loads(path.read_text(encoding="utf-8"))))
    assert lacking(font, text) == ""


def test_font_has_common_chinese_and_punctuation(font):
    names = "湖州市吴兴区南浔区德清县长兴县安吉县嘉兴市衢州市丽水市缙云县"
    assert lacking(font, names + "阈值、妊娠、产褥期、羁绊") == ""
    level_1 = bytes(byte for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF) for byte in (high, low)).decode(
        "gb2312", errors="ignore"
    )
    assert len(level_1) >= 3755
    assert lacking(font, level_1.replace("\ufffd", "")) == ""
    assert lacking(font, "，。、：；！？（）《》“”‘’—–…·‰%±≤≥≠≈×÷²³°℃①②③→←↑↓−") == ""
    assert lacking(font, "".join(map(chr, range(0x20, 0x7F)))) == ""
    assert lacking(font, "Ж") == "Ж", "the test sees what is missing"


def test_font_is_small_has_outlines_for_pdf_and_its_own_name(font):
    assert font_path().stat().st_size < 2_300_000
    assert "glyf" in font
    family = {font["name"].getDebugName(number) for number in (1, 4, 6)}
    assert family == {FAMILY, f"{FAMILY} Regular", "HuyouSansSC-Regular"}


def test_licence_ships_with_the_font(font):
    folder = font_path().parent
    licence = (folder / "OFL.txt").read_text(encoding="utf-8")
    assert "Reserved Font Name 'Source'" in licence
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Source" not in FAMILY
    assert "Adobe" in font["name"].getDebugName(0)
    count = f"{len(font.getBestCmap()):,} characters"
    assert count in (folder / "NOTICE.txt").read_text(encoding="utf-8")


@pytest.fixture
def figure():
    """Return a figure with Chinese on every kind of text, drawn with the package's font alone."""
    font_manager.fontManager.addfont(str(font_path()))
    with mpl.rc_context({"font.family": [FAMILY], "pdf.fonttype": 42, "svg.fonttype": "path"}):
        figure = Figure(figsize=(5, 3))
        axes = figure.subplots()
        axes.plot([-1.5, 2.0], label="无新增政策")
        axes.set_title("湖州市南浔区：总和生育率（0.89）")
        axes.set_ylabel("自然增长率（‰）")
        axes.legend()
        yield figure


def test_chinese_title_is_drawn_as_pdf_and_svg(figure, tmp_path):
    # A missing glyph is a warning of matplotlib, and warnings are errors in the tests.
    FigureCanvasPdf(figure).print_pdf(tmp_path / "a.pdf")
    figure.savefig(tmp_path / "a.svg")
    figure.savefig(tmp_path / "a.png")
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in pdf
    assert b"HuyouSansSC-Regular" in pdf
    assert pdf.rstrip().endswith(b"%%EOF")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").count("HuyouSansSC-Regular-") > 20


def test_a_missing_glyph_is_an_error(figure, tmp_path):
    figure.axes[0].set_title("Ж")
    with pytest.raises(UserWarning, match="missing from font"):
        figure.savefig(tmp_path / "a.png")
