"""The class report: how an assignment went, for the people who teach it."""

from .page import write_report
from .summary import Summary, summary

__all__ = ["Summary", "summary", "write_report"]
