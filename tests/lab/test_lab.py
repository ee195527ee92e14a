"""JupyterLab for real: a student opens a lesson, errs, is told how, mends it, and validates it."""

WRONG = """def zero_gradients(parameters):
    for p in parameters:
        p.grad = None"""

RIGHT = """def zero_gradients(parameters):
    for p in parameters:
        if p.grad is not None:
            p.grad.zero_()"""


def test_a_student_errs_asks_and_mends(lab):
    lab.run(lab.cell("course.begin"))
    lab.run(lab.cell("import autograd_lib as torch"))
    check = 'check("zero_gradients-zero"'

    # As it came
    lab.run(lab.cell("def zero_gradients"))
    lab.run(lab.cell(check))
    assert "Not written yet" in lab.output(lab.cell(check))

    # Wrong: what was seen, and, on asking, the likely mistake
    lab.write(lab.cell("def zero_gradients"), WRONG)
    lab.run(lab.cell("def zero_gradients"))
    lab.run(lab.cell(check))
    said = lab.output(lab.cell(check))
    assert "Not right yet" in said and "parameters[0].grad is None and should be a tensor" in said
    assert "Traceback" not in said
    lab.command("File", "Save Notebook")
    answer = lab.cell("def zero_gradients")
    lab.write(answer, WRONG + "\n\n\ncourse.why()")
    lab.run(lab.cell("def zero_gradients"))
    told = lab.output(lab.cell("def zero_gradients"))
    assert "gradients are thrown away (None) instead of set to zero" in told

    # Right
    lab.write(lab.cell("def zero_gradients"), RIGHT)
    lab.run(lab.cell("def zero_gradients"))
    lab.run(lab.cell(check))
    assert "Passed" in lab.output(lab.cell(check))

    # nbgrader's own button
    lab.command("File", "Save Notebook")
    button = lab.wait(
        lambda: [
            b
            for b in lab.all(".jp-Toolbar button, .jp-ToolbarButtonComponent")
            if b.text == "Validate"
        ],
        "nbgrader's button",
    )
    button[0].click()
    dialog = lab.wait(
        lambda: [d.text for d in lab.all(".jp-Dialog, .nbgrader-ValidationResults") if d.text],
        "what nbgrader says",
    )
    text = dialog[0]
    assert "failed" in text and "not passed yet" in text
    assert "zero_gradients-zero" not in text
