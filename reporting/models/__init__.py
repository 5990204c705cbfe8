from reporting.models.sign_off import SignOff, SignOffEvent

__all__ = ["SignOff", "SignOffEvent"]
