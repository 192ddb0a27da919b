"""The table of the cache in which sign-in counts its tries, so that a plain `migrate` makes all there is."""

from django.core.management import call_command
from django.db import migrations

TABLE = "cache"


def make(apps, schema_editor):
    # Does nothing where the table is there already.
    call_command(
        "createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0
    )


def take_away(apps, schema_editor):
    schema_editor.execute(f"DROP TABLE {schema_editor.quote_name(TABLE)}")


class Migration(migrations.Migration):
    dependencies = [("congregation", "0001_initial")]
    operations = [migrations.RunPython(make, take_away)]
