from django.apps import AppConfig


class HallConfig(AppConfig):
    name = "hall"
    verbose_name = "Hall"

    def ready(self) -> None:
        from congregation import notices

        notices.register(self.name)
