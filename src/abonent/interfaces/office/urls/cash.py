"""The cash desk: shifts, receipts, the close of the day."""

from django.urls import path

from abonent.interfaces.office.views import cash_settings, cash_shifts, cash_till

urlpatterns = [
    path("cash/", cash_shifts.desks, name="cash_desks"),
    path("cash/till/", cash_till.till, name="cash_till"),
    path("cash/till/panel/", cash_till.panel, name="cash_panel"),
    path("cash/till/find/", cash_till.find, name="cash_find"),
    path("cash/till/pay/", cash_till.pay, name="cash_pay"),
    path("cash/desks/", cash_settings.settings, name="cash_settings"),
    path("cash/desks/new/", cash_settings.new, name="cash_desk_new"),
    path("cash/desks/<int:desk_id>/", cash_settings.edit, name="cash_desk_edit"),
    path("cash/desks/<int:desk_id>/open/", cash_shifts.open_shift, name="cash_open"),
    path("cash/shifts/", cash_shifts.shifts, name="cash_shifts"),
    path("cash/shifts/<int:shift_id>/", cash_shifts.shift, name="cash_shift"),
    path("cash/shifts/<int:shift_id>/close/", cash_shifts.close_shift, name="cash_close"),
    path("cash/shifts/<int:shift_id>/print/", cash_shifts.print_waiting, name="cash_print"),
    path("cash/shifts/<int:shift_id>/report.<slug:form>", cash_shifts.report, name="cash_report"),
    path("cash/shifts/<int:shift_id>/<slug:kind>/", cash_shifts.move, name="cash_move"),
    path("cash/orders/<int:order_id>/undo/", cash_shifts.undo, name="cash_undo"),
    path("cash/orders/<int:order_id>/order.pdf", cash_shifts.order_form, name="cash_order_form"),
    path("cash/orders/<int:order_id>/slip.pdf", cash_shifts.slip, name="cash_slip"),
]
