"""Penalties: runs, exclusions, calculations on demand."""

from django.urls import URLPattern, path

from abonent.interfaces.office.views import penalties, penalty_runs

urlpatterns: list[URLPattern] = [
    path("penalties/", penalty_runs.runs, name="penalties"),
    path("penalties/new/", penalty_runs.new, name="penalty_run_new"),
    path("penalties/<int:run_id>/", penalty_runs.screen, name="penalty_run"),
    path("penalties/<int:run_id>/progress/", penalty_runs.progress, name="penalty_run_progress"),
    path("penalties/<int:run_id>/accounts/", penalty_runs.accounts, name="penalty_run_accounts"),
    path("penalties/<int:run_id>/accounts/<str:number>/", penalty_runs.account, name="penalty_run_account"),
    path("penalties/<int:run_id>/count/", penalty_runs.count, name="penalty_run_count"),
    path("penalties/<int:run_id>/discard/", penalty_runs.discard, name="penalty_run_discard"),
    path("penalties/<int:run_id>/approve/", penalty_runs.approve, name="penalty_run_approve"),
    path("penalties/<int:run_id>/reverse/", penalty_runs.reverse, name="penalty_run_reverse"),
    path("penalties/exclusions/", penalties.exclusions, name="penalty_exclusions"),
    path("penalties/exclusions/new/", penalties.exclude, name="penalty_exclusion_new"),
    path(
        "penalties/exclusions/<int:exclusion_id>/cancel/",
        penalties.cancel_exclusion,
        name="penalty_exclusion_cancel",
    ),
    path("accounts/<str:number>/penalties/", penalties.account, name="account_penalties"),
    path(
        "accounts/<str:number>/penalties/calculation.<slug:kind>",
        penalties.sheet,
        name="account_penalty_sheet",
    ),
    path("accounts/<str:number>/penalties/terms/", penalties.debtor, name="account_debtor"),
]
