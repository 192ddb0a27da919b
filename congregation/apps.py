from django.apps import AppConfig


class CongregationConfig(AppConfig):
    name = "congregation"
    verbose_name = "Congregation"

    def ready(self) -> None:
        from congregation import notices

        notices.register(self.name)
