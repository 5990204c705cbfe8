from workflows.admin import (
    caused_breaks,
    causes,
    remediation_policies,
    remedied_breaks,
    runs,
    suggestions,
)

__all__ = [
    "caused_breaks",
    "causes",
    "remediation_policies",
    "remedied_breaks",
    "runs",
    "suggestions",
]
