# nbgrader's settings for this clone. All of nbgrader's commands and formgrader work here.
import os

c = get_config()  # noqa: F821
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"

# `nbgrader autograde` and formgrader's button grade as `grader grade` does, in the same sandbox.
# Without these lines they run student code unprotected, and honest answers get the same scores.
c.Autograde.exporter_class = "grader.autograde.Intake"
c.Autograde.sanitize_preprocessors = ["grader.autograde.GradeInRoom"]
c.Autograde.autograde_preprocessors = [
    "grader.autograde.SaveGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
]
# Pages show no hidden tests, and run no script that a submission has left in its output.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.sanitize_html = True
