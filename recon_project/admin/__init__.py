"""
The admin pages of other packages, in the desk's own look.

Each package's pages are loaded first, then registered again on the desk's classes.
"""

from recon_project.admin import people, schedules, sign_ins, tokens

__all__ = ["people", "schedules", "sign_ins", "tokens"]
