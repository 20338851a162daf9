"""Statements of accounts, acts of reconciliation, exports to accounting."""

from django.urls import URLPattern, path

from abonent.interfaces.office.views import statements

urlpatterns: list[URLPattern] = [
    path("accounts/<str:number>/statement/", statements.statement, name="account_statement"),
    path(
        "accounts/<str:number>/statement.<slug:kind>",
        statements.statement_file,
        name="account_statement_file",
    ),
    path("accounts/<str:number>/reconciliation/", statements.reconciliation, name="account_reconciliation"),
    path(
        "accounts/<str:number>/reconciliation.<slug:kind>",
        statements.reconciliation_file,
        name="account_reconciliation_file",
    ),
]
