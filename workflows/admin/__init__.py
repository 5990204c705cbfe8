from workflows.admin import remediation_policies, remedied_breaks, runs, suggestions

__all__ = ["remediation_policies", "remedied_breaks", "runs", "suggestions"]
