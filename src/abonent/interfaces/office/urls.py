"""Addresses of the office. Every view declares who may open it (`roles.allow`)."""

from django.urls import path

from abonent.interfaces.office.views import (
    accounts,
    bills,
    buildings,
    desk,
    periods,
    readings,
    run_steps,
    runs,
    session,
)

app_name = "office"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("sign-in/", session.sign_in, name="sign_in"),
    path("sign-out/", session.sign_out, name="sign_out"),
    path("language/", session.language, name="language"),
    path("search/", desk.search, name="search"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<str:number>/", accounts.card, name="account"),
    path("accounts/<str:number>/readings/", accounts.readings, name="account_readings"),
    path("accounts/<str:number>/readings/enter/", readings.enter, name="reading_enter"),
    path("accounts/<str:number>/readings/undo/", readings.undo, name="reading_undo"),
    path("accounts/<str:number>/readings/annul/", readings.annul, name="reading_annul"),
    path("accounts/<str:number>/ledger/", accounts.ledger, name="account_ledger"),
    path("accounts/<str:number>/bills/", accounts.bills, name="account_bills"),
    path("accounts/<str:number>/charges/<str:month>/", accounts.month_charges, name="account_month"),
    path("accounts/<str:number>/bills/issue/", bills.issue, name="bill_issue"),
    path("accounts/<str:number>/bills/<str:month>.pdf", bills.page, name="bill_page"),
    path("prints/", bills.prints, name="prints"),
    path("prints/new/", bills.new, name="print_new"),
    path("prints/<int:print_id>/", bills.screen, name="print"),
    path("prints/<int:print_id>/progress/", bills.progress, name="print_progress"),
    path("prints/<int:print_id>/bills.pdf", bills.file, name="print_file"),
    path("buildings/", buildings.buildings, name="buildings"),
    path("buildings/<int:building_id>/", buildings.card, name="building"),
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", run_steps.new, name="run_new"),
    path("runs/<int:run_id>/", runs.screen, name="run"),
    path("runs/<int:run_id>/progress/", runs.progress, name="run_progress"),
    path("runs/<int:run_id>/exceptions/", runs.exceptions, name="run_exceptions"),
    path("runs/<int:run_id>/rate/", run_steps.rate, name="run_rate"),
    path("runs/<int:run_id>/discard/", run_steps.discard, name="run_discard"),
    path("runs/<int:run_id>/approve/", run_steps.approve, name="run_approve"),
    path("runs/<int:run_id>/cancel/", run_steps.cancel, name="run_cancel"),
    path("periods/", periods.periods, name="periods"),
    path("periods/open/", periods.open_month, name="period_open"),
    path("periods/close/", periods.close_month, name="period_close"),
]
