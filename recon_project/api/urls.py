"""Every path of the HTTP API; `once` marks the POSTs that heed Idempotency-Key."""

from django.urls import include, path, re_path

from breaks.api import acts, approvals, bulk, exchange, files
from breaks.api import matches as decisions
from breaks.api import views as breaks
from breaks.api.rule_sets import BackTestRules
from connectors.api import views as connectors
from matching.api import rule_sets as rules
from matching.api import views as matching
from predictions.api import scoring
from recon_project.api.idempotency import once
from recon_project.api.pages import Schema, docs, unknown
from recon_project.health import Health
from reporting.api import reports, sign_offs
from trades.api import views as trades
from workflows.api import routing
from workflows.api import views as workflows
from workflows.api.overdue import OverdueBreakList
from workflows.api.remediation import AutoRemediate

V1 = [
    path("health", Health.as_view(), name="health"),
    path("ingestion/run", once(connectors.StartIngestion), name="start-ingestion"),
    path("deliveries", connectors.DeliveryList.as_view(), name="deliveries"),
    path("deliveries/<int:pk>", connectors.DeliveryDetail.as_view(), name="delivery"),
    path("deliveries/<int:pk>/rejected", connectors.RejectedRowList.as_view(), name="rejected"),
    path("trades", trades.TradeList.as_view(), name="trades"),
    path("trades/<int:pk>", trades.TradeDetail.as_view(), name="trade"),
    path("reconciliation/run", once(workflows.StartReconciliation), name="start-reconciliation"),
    path("reconciliation/runs", matching.RunList.as_view(), name="runs"),
    path("reconciliation/runs/<int:pk>", matching.RunDetail.as_view(), name="run"),
    path("matches", once(decisions.Matches), name="matches"),
    path("matches/<int:pk>", decisions.OneMatch.as_view(), name="match"),
    path("matches/<int:pk>/confirm", once(decisions.ConfirmMatch), name="confirm-match"),
    path("matches/<int:pk>/reject", once(decisions.RejectMatch), name="reject-match"),
    path("rule-sets", rules.RuleSetList.as_view(), name="rule-sets"),
    path("rule-sets/<int:pk>", rules.RuleSetDetail.as_view(), name="rule-set"),
    path("rule-sets/<int:pk>/backtest", once(BackTestRules), name="back-test-rules"),
    path("breaks", breaks.BreakList.as_view(), name="breaks"),
    path("exceptions/overdue", OverdueBreakList.as_view(), name="overdue-breaks"),
    path("breaks/open", breaks.OpenBreakList.as_view(), name="open-breaks"),
    path("breaks/export", exchange.BreakExport.as_view(), name="export-breaks"),
    path("breaks/import", exchange.BreakImport.as_view(), name="import-breaks"),
    path("breaks/bulk", once(bulk.Bulk), name="bulk-breaks"),
    path("batches/<int:pk>", bulk.BatchDetail.as_view(), name="batch"),
    path("batches/<int:pk>/undo", once(bulk.UndoBatch), name="undo-batch"),
    path("breaks/<int:pk>", breaks.BreakDetail.as_view(), name="break"),
    path("breaks/<int:pk>/history", breaks.BreakHistory.as_view(), name="break-history"),
    path("breaks/<int:pk>/attachments", once(files.Attachments), name="attachments"),
    path(
        "breaks/<int:pk>/attachments/<int:number>", files.OneAttachment.as_view(), name="attachment"
    ),
    path("breaks/<int:pk>/claim", once(acts.Claim), name="claim-break"),
    path("breaks/<int:pk>/assign", once(acts.Assign), name="assign-break"),
    path("breaks/<int:pk>/route", once(acts.Route), name="route-break"),
    path("breaks/<int:pk>/comment", once(acts.Comment), name="comment-break"),
    path("breaks/<int:pk>/await", once(acts.Await), name="await-break"),
    path("breaks/<int:pk>/resolve", once(acts.Resolve), name="resolve-break"),
    path("breaks/<int:pk>/accept", once(acts.Accept), name="accept-break"),
    path("breaks/<int:pk>/reopen", once(acts.Reopen), name="reopen-break"),
    path("breaks/<int:pk>/escalate", once(acts.Escalate), name="escalate-break"),
    path("exceptions/<int:pk>/auto-remediate", once(AutoRemediate), name="auto-remediate-break"),
    path("exceptions/<int:pk>/route", once(routing.RouteByRules), name="route-by-rules"),
    path("prediction/score", scoring.ScoreTrades.as_view(), name="score-trades"),
    path("approvals", approvals.ApprovalList.as_view(), name="approvals"),
    path("approvals/<int:pk>", approvals.ApprovalDetail.as_view(), name="approval"),
    path("approvals/<int:pk>/approve", once(approvals.Approve), name="approve"),
    path("approvals/<int:pk>/reject", once(approvals.Reject), name="reject-approval"),
    path("approvals/<int:pk>/withdraw", once(approvals.Withdraw), name="withdraw-approval"),
    path("reports/summary", reports.SummaryReport.as_view(), name="summary-report"),
    path("reports/aging", reports.AgingReport.as_view(), name="aging-report"),
    path("reports/runs", reports.RunsReport.as_view(), name="runs-report"),
    path("reports/root-cause", reports.RootCauseReport.as_view(), name="root-cause-report"),
    path("reports/sign-offs", sign_offs.SignOffList.as_view(), name="sign-offs"),
    path("reports/sign-offs/<int:pk>", sign_offs.SignOffDetail.as_view(), name="sign-off"),
    path("schema/", Schema.as_view(), name="schema"),
]

urlpatterns = [
    path("v1/", include(V1)),
    path("docs/", docs, name="docs"),
    re_path("", unknown),
]
