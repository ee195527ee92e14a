# nbgrader's settings for this clone: it only has to know two folders.
# All of nbgrader's commands and formgrader work here.
import os

c = get_config()  # noqa: F821
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
