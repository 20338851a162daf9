"""Statements and registries, and what of them arrived at the bank."""

from django.urls import URLPattern, path

from abonent.interfaces.office.views import bank_lines, payment_agents, payment_files

urlpatterns: list[URLPattern] = [
    path("payments/files/", payment_files.files, name="payment_files"),
    path("payments/files/new/", payment_files.new, name="payment_file_new"),
    path("payments/files/<int:file_id>/", payment_files.screen, name="payment_file"),
    path("payments/files/<int:file_id>/progress/", payment_files.progress, name="payment_file_progress"),
    path("payments/files/<int:file_id>/answer/", payment_files.answer, name="payment_file_answer"),
    path("payments/files/<int:file_id>/reverse/", payment_files.reverse_file, name="payment_file_reverse"),
    path("payments/bank/", bank_lines.lines, name="bank_lines"),
    path("payments/bank/reconcile/", bank_lines.reconcile_all, name="bank_reconcile"),
    path("payments/bank/<int:line_id>/", bank_lines.line, name="bank_line"),
    path("payments/bank/<int:line_id>/decide/", bank_lines.decide, name="bank_line_decide"),
    path("payments/agents/", payment_agents.agent_list, name="payment_agents"),
    path("payments/agents/new/", payment_agents.agent, name="payment_agent_new"),
    path("payments/agents/<int:agent_id>/", payment_agents.agent, name="payment_agent"),
]
