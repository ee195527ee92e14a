"""Pages that nbconvert makes of what a student wrote and showed: whole, quick and harmless."""

import time

import nbformat
import pytest
from nbconvert import HTMLExporter

from grader import shown
from grader.shown import tame

new = nbformat.v4
PICTURE = {"image/png": "iVBORw0KGgo="}
ANSWER = {"nbgrader": {"grade_id": "written-1"}}


def tamed(*cells, own=True):
    found = list(cells)
    tame(found, found[:] if own else [])
    return found


def texts(*words):
    return tamed(*map(new.new_markdown_cell, words))


def outputs(*data):
    cell = new.new_code_cell("x")
    cell.outputs = [new.new_output("display_data", one) for one in data]
    (cell,) = tamed(cell, own=False)
    return cell


def page(cells, sanitized=True):
    notebook = new.new_notebook(cells=cells)
    exporter = HTMLExporter(sanitize_html=sanitized, template_name="basic")
    started = time.process_time()
    text, _ = exporter.from_notebook_node(notebook)
    # On a machine of today it is a few seconds.
    assert time.process_time() - started < 20
    return text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# A *heading*\n\n> said\n\n1. so\n2. and `so`\n\n|a|b|\n|-|-|\n|1|2|",
        "$a < b$ and\n$$\\begin{aligned} x &= \\frac{1}{2} \\\\ y &= 3 \\end{aligned}$$",
        "```python\nif a < 3:\n    print(a)\n```\n\n~~~\nplain\n~~~\n\n```` ` ````",
        "![a plot](https://example.org/a.png) [a link](https://example.org) data: 1, 2",
        "word " * 1500,
    ],
)
def test_an_honest_text_is_as_it_was(text):
    assert texts(text)[0].source == text


def test_a_formula_keeps_its_signs_and_a_tag_is_none():
    made = page(texts("$a<b$, `x<y`, <b>bold</b> <script>alert(1)</script> <!-- gone -->"))
    assert "$a&lt; b$" in made and "x&lt; y" in made
    assert "<b>" not in made and "<script>alert" not in made and "gone" in made


def test_cells_of_the_instructors_stay_as_they_are():
    words = ["<b>a</b> ![x](attachment:gone.png)", "![" * 30_000, "[a](javascript:b)"]
    cells = tamed(*map(new.new_markdown_cell, words), new.new_code_cell("x" * 50_000), own=False)
    assert [cell.source for cell in cells] == [*words, "x" * 50_000]


def test_a_long_text_is_shown_as_it_was_written_and_a_very_long_one_in_part():
    text = "```\n**so**\n" * 1000
    (cell,) = texts(text)
    assert "too long to be laid out" in cell.source and text in cell.source
    assert page([cell]).count("**so**") == 1000
    (cell,) = texts("x" * 30_000)
    assert f"[{30_000 - shown.LONGEST_PLAIN} more characters]" in page([cell])


def test_further_cells_without_end_are_counted_and_answers_are_kept():
    answer = new.new_markdown_cell("So.", metadata=ANSWER)
    cells = [answer, *(new.new_markdown_cell("a") for _ in range(5000))]
    kept = tamed(*cells)
    assert len(kept) < 3000 and kept[0].source == "So."
    assert f"{5001 - len(kept) + 1} more cells were handed in" in kept[-1].source


def test_long_code_says_how_much_more_there_was():
    cells = tamed(*(new.new_code_cell("x = 1\n" * 2000, metadata=ANSWER) for _ in range(20)))
    assert all(
        cell.source.endswith("more characters of this cell were handed in]") for cell in cells
    )
    assert sum(len(cell.source) for cell in cells) < 1.2 * shown.ALL_SOURCES
    (cell,) = tamed(new.new_code_cell("%%perl\n" + "s{" * 5000))
    assert len(cell.source) < 1.2 * shown.LONGEST_MAGIC


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("![](attachment:a.png)", "a.png"),
        ('![a *b*](attachment:a.png "a title")', "a.png"),
        ("![](attachment:my%20sketch.png)", "my sketch.png"),
        ("![](attachment:b(1).png)", "b(1).png"),
        ("![](attachment:\u00e9.png)", "\u00e9.png"),
        ("![](attachment:%C3%A9.png)", "\u00e9.png"),
    ],
)
def test_pasted_pictures_are_shown(text, name):
    cell = new.new_markdown_cell(text)
    cell.attachments = nbformat.from_dict({name: PICTURE})
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in page(tamed(cell), sanitized=False)


def test_a_picture_that_stands_in_the_text_itself_is_attached():
    data = "A" * 1_000_000
    (cell,) = texts(f"See ![it](data:image/png;base64,{data}) and [this].")
    assert len(cell.source) < 3000 and data in page([cell], sanitized=False)
    (cell,) = texts(f"See ![it](data:image/png;base64,{data}) and {'[' * 2000}")
    assert data not in page([cell])


@pytest.mark.parametrize(
    "text",
    [
        "![x](attachment:b.png)",
        "![x][r]\n\n[r]: attachment:b.png",
        "![x](attachment\\:b.png)",
        "![x](attachment&colon;b.png)",
        "![x](<&#97;ttachment:a.png b>)",
        "![x](attachment:a.png) ![x](attachment:b.png)",
        "![x](attachment:\u00e9.png)",
    ],
)
def test_a_picture_that_is_not_there_stops_nothing(text):
    cell = new.new_markdown_cell(text)
    cell.attachments = nbformat.from_dict({"a.png": PICTURE})
    assert "<img" not in page(tamed(cell), sanitized=False)
    assert "<img" not in page([outputs({"text/markdown": text})], sanitized=False)


def test_one_large_picture_is_not_shown_a_thousand_times():
    cell = new.new_markdown_cell("![](attachment:a.png)" * 300)
    cell.attachments = nbformat.from_dict({"a.png": {"image/png": "A" * 1_000_000}})
    assert len(page(tamed(cell))) < 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "[a](<java&#115;cript:alert(1)>)",
        "[a][b]\n\n[b]: JAVA\\script:alert(1)",
        "`````\n`````\n[a](vbscript:a)",
    ],
)
def test_no_text_runs_a_script(text):
    found = page(texts(text), sanitized=False)
    assert "<script" not in found and "href=" not in found


def test_a_fence_in_a_language_with_a_slow_lexer_is_plain():
    text = "> ```perl\n> s{a\n\n```python\nx\n```\n\n~~~xml `\n<a>\n~~~\n"
    assert texts(text)[0].source == "> ```\n> s{a\n\n```python\nx\n```\n\n~~~\n< a>\n~~~\n"


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 40_000,
        "<i></b>" * 20_000,
        "<ul><li>" * 3_000,
        "<!-- -->" * 3_000,
        "<b>" * 70 + "<p>a" * 9_000,
        "".join(f"<div><b id={n}>" for n in range(150)) + "</div><i>" * 5_000,
        "<a " + "".join(f"a{n} " for n in range(15_000)) + ">",
        "<table>" + "<tr><td>1</td></tr>" * 9_000 + "</table>",
    ],
)
def test_html_that_takes_long_is_left_out_and_that_is_said(html):
    cell = outputs({"text/html": html, "text/plain": "in words"})
    assert "in words\n[not shown: its HTML is too long" in page([cell])


def test_html_that_is_well_formed_stays():
    row = '<tr class="a"><th>1</th><td><b>2</b><br>3<img src="a"/></td></tr>\n'
    drawing = '<svg><g><path d="M 0 0"/><path d="M 1 1"></path></g></svg>'
    table = (
        f"<div><style>td {{ color: red; }}</style><table><tbody>{row * 200}</tbody></table></div>"
    )
    for html in (table, drawing * 50, "<p>loose <b>ends", f'<img src="data:,{"A" * 50_000}">'):
        assert outputs({"text/html": html}).outputs[0].data == {"text/html": html}


@pytest.mark.parametrize("colour", ["38", "1;48", "038", "\u0663\u0668", "38;2;1;1;48", ""])
def test_colours_that_cannot_be_read_stop_nothing(colour):
    text = f"a\x1b[31mred\x1b[{colour}mb\x1b[0m"
    cell = new.new_code_cell("x")
    cell.outputs = [
        new.new_output("stream", text=text),
        new.new_output("display_data", {"text/plain": text}),
        new.new_output("error", ename="E", evalue="", traceback=[text, "and"]),
    ]
    assert page(tamed(cell)).count('<span class="ansi-red-fg">red') == 3


def test_outputs_without_end_are_counted_and_the_error_is_kept():
    cell = new.new_code_cell("x")
    cell.outputs = [new.new_output("stream", text="a") for _ in range(9000)]
    cell.outputs.append(new.new_output("error", ename="E", evalue="", traceback=["E: why"]))
    tamed(cell)
    assert len(cell.outputs) < 6000 and cell.outputs[-1].output_type == "error"
    assert "more outputs, left out" in cell.outputs[-2].text


def test_widgets_and_metadata_that_makes_no_sense_stop_nothing():
    cell = outputs(
        {"application/vnd.jupyter.widget-view+json": {}},
        {"image/png": "AA"},
        {"text/html": "a <![b c"},
    )
    cell.outputs[1].metadata = nbformat.from_dict({"image/png": [1], "filenames": 1, "a/b": {}})
    cell.outputs[2].metadata = nbformat.from_dict({"text/html": 7, "text/plain": {"isolated": 1}})
    tamed(cell, own=False)
    for sanitized in (True, False):
        assert "a widget needs its kernel" in page([cell], sanitized)
