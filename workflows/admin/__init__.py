from workflows.admin import (
    feeds,
    pipelines,
    remediation_policies,
    remedied_breaks,
    runs,
    suggestions,
)

__all__ = ["feeds", "pipelines", "remediation_policies", "remedied_breaks", "runs", "suggestions"]
