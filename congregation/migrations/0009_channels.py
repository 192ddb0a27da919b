"""How often people are mailed of what, digests, quiet hours, and the language a browser asks for."""

import datetime
import django.db.models.deletion
import uuid
from django.db import migrations, models


def keep_choices(apps, schema_editor):
    """Who wanted no mail of a kind wants none; who had said that they do gets it at once, as until now."""
    choices = apps.get_model("congregation", "NoticeChoice").objects
    choices.filter(by_mail=False).update(often="off")


def give_choices_back(apps, schema_editor):
    choices = apps.get_model("congregation", "NoticeChoice").objects
    choices.filter(kind__in=["meetings", "asked", "news", "letter", "hosting"]).delete()
    choices.filter(often="off").update(by_mail=False)


class Migration(migrations.Migration):

    dependencies = [
        ('congregation', '0008_help_numbers'),
    ]

    operations = [
        migrations.AddField(
            model_name='notice',
            name='digest_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='noticechoice',
            name='often',
            field=models.CharField(choices=[('at_once', 'At once'), ('daily', 'Once a day'), ('weekly', 'Once a week'), ('off', 'No mail')], default='at_once', max_length=8),
            preserve_default=False,
        ),
        migrations.RunPython(keep_choices, give_choices_back),
        migrations.RemoveField(
            model_name='noticechoice',
            name='by_mail',
        ),
        migrations.AddField(
            model_name='user',
            name='browser_language',
            field=models.CharField(blank=True, editable=False, max_length=15),
        ),
        migrations.AddField(
            model_name='user',
            name='digest_at',
            field=models.TimeField(default=datetime.time(8, 0)),
        ),
        migrations.AddField(
            model_name='user',
            name='digest_on',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='user',
            name='quiet_from',
            field=models.TimeField(blank=True, default=datetime.time(22, 0), null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='quiet_until',
            field=models.TimeField(blank=True, default=datetime.time(7, 0), null=True),
        ),
        migrations.CreateModel(
            name='Digest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('on', models.DateField()),
                ('made_at', models.DateTimeField()),
                ('congregation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='congregation.congregation')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='digests', to='congregation.member')),
            ],
        ),
        migrations.AddField(
            model_name='mail',
            name='digest',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='mail', to='congregation.digest'),
        ),
        migrations.AddField(
            model_name='notice',
            name='digest',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notices', to='congregation.digest'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('digest__isnull', True), ('digest_at__isnull', False)), fields=['digest_at'], name='notice_waits_for_digest'),
        ),
        migrations.AddConstraint(
            model_name='digest',
            constraint=models.UniqueConstraint(fields=('member', 'on'), name='digest_once_a_day'),
        ),
    ]
