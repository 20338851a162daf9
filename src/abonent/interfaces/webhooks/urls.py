"""Addresses other programs call; who calls is known by a signature, not by signing in."""

from django.urls import path

from abonent.interfaces.webhooks import acquiring

app_name = "webhooks"

urlpatterns = [path("acquiring/<slug:agent_code>/", acquiring.notice, name="acquiring")]
