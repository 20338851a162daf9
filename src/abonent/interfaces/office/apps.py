from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "abonent.interfaces.office"
    label = "office"
