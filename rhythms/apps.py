from django.apps import AppConfig


class RhythmsConfig(AppConfig):
    name = "rhythms"
    verbose_name = "Rhythms"

    def ready(self) -> None:
        from congregation import notices

        notices.register(self.name)
