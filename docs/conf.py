"""How the documentation becomes a web site: `make docs`."""

project = "autograd-course"
extensions = ["myst_parser"]
exclude_patterns = ["_build", "example_overlay"]
highlight_language = "none"
html_theme = "furo"
html_title = "Automatic differentiation: the course"
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
