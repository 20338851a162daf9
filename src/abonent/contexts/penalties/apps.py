from django.apps import AppConfig


class PenaltiesConfig(AppConfig):
    name = "abonent.contexts.penalties"
    label = "penalties"
    default_auto_field = "django.db.models.BigAutoField"
