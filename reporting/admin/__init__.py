from reporting.admin import sign_offs

__all__ = ["sign_offs"]
