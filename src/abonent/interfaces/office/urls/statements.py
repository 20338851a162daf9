"""Statements of accounts, acts of reconciliation, exports to accounting."""

from django.urls import URLPattern, path

from abonent.interfaces.office.views import accounting, statements

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
    path("accounting/", accounting.screen, name="accounting_export"),
    path("accounting/export.xml", accounting.file, name="accounting_export_file"),
]
