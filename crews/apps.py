from django.apps import AppConfig


class CrewsConfig(AppConfig):
    name = "crews"
    verbose_name = "Crews"

    def ready(self) -> None:
        from congregation import notices

        notices.register(self.name)
