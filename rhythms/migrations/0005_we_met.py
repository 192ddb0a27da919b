import congregation.sealed
import django.db.models.deletion
import uuid
from django.db import migrations, models


def show_what_showed(apps, schema_editor):
    """What three and more had said showed to their crew already: it stands."""
    Mood = apps.get_model("rhythms", "Mood")
    said = Mood.objects.values("meeting").annotate(n=models.Count("pk")).filter(n__gte=3)
    Mood.objects.filter(meeting__in=list(said.values_list("meeting", flat=True))).update(
        is_shown=True
    )


class Migration(migrations.Migration):

    dependencies = [
        ('congregation', '0007_mail_by_when_it_was_tried'),
        ('crews', '0005_season'),
        ('rhythms', '0004_practices'),
    ]

    operations = [
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('was_held', models.BooleanField()),
                ('is_held', models.BooleanField()),
                ('came_before', models.PositiveSmallIntegerField(default=0)),
                ('came_after', models.PositiveSmallIntegerField(default=0)),
                ('is_line', models.BooleanField(default=False)),
                ('who', congregation.sealed.SealedTextField(blank=True, default='', max_length=1500)),
            ],
        ),
        migrations.CreateModel(
            name='NotLeading',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name='Swap',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('open', 'Open'), ('done', 'Swapped'), ('not_now', 'Not this time'), ('back', 'Taken back')], default='open', max_length=7)),
                ('asked_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Turns',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('in_pairs', models.BooleanField(default=False)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='log',
            name='moods',
            field=congregation.sealed.SealedTextField(blank=True, default='', max_length=100),
        ),
        migrations.AddField(
            model_name='mood',
            name='is_shown',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='plan',
            name='second',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='congregation.member'),
        ),
        migrations.AddField(
            model_name='plan',
            name='second_turn',
            field=models.CharField(choices=[('counted', 'by turns'), ('handed', 'handed on'), ('taken', 'taken'), ('swapped', 'swapped')], default='counted', max_length=7),
        ),
        migrations.AlterField(
            model_name='led',
            name='meeting',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leads', to='rhythms.meeting'),
        ),
        migrations.AlterField(
            model_name='plan',
            name='turn',
            field=models.CharField(choices=[('counted', 'by turns'), ('handed', 'handed on'), ('taken', 'taken'), ('swapped', 'swapped')], default='counted', max_length=7),
        ),
        migrations.AddConstraint(
            model_name='led',
            constraint=models.UniqueConstraint(fields=('meeting', 'member'), name='led_once'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(('second__isnull', True), ('facilitator__isnull', True), models.Q(('second', models.F('facilitator')), _negated=True), _connector='OR'), name='plan_led_by_two_people'),
        ),
        migrations.AddField(
            model_name='correction',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='congregation.member'),
        ),
        migrations.AddField(
            model_name='correction',
            name='congregation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='congregation.congregation'),
        ),
        migrations.AddField(
            model_name='correction',
            name='meeting',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='rhythms.meeting'),
        ),
        migrations.AddField(
            model_name='notleading',
            name='congregation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='congregation.congregation'),
        ),
        migrations.AddField(
            model_name='notleading',
            name='crew',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='not_leading', to='crews.crew'),
        ),
        migrations.AddField(
            model_name='notleading',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='congregation.member'),
        ),
        migrations.AddField(
            model_name='swap',
            name='asked',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='congregation.member'),
        ),
        migrations.AddField(
            model_name='swap',
            name='asker',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='congregation.member'),
        ),
        migrations.AddField(
            model_name='swap',
            name='congregation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='congregation.congregation'),
        ),
        migrations.AddField(
            model_name='swap',
            name='other',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='swaps_asked', to='rhythms.plan'),
        ),
        migrations.AddField(
            model_name='swap',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='swaps_offered', to='rhythms.plan'),
        ),
        migrations.AddField(
            model_name='turns',
            name='congregation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='congregation.congregation'),
        ),
        migrations.AddField(
            model_name='turns',
            name='crew',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='turns', to='crews.crew'),
        ),
        migrations.AddIndex(
            model_name='correction',
            index=models.Index(fields=['meeting', 'at'], name='rhythms_cor_meeting_76d7c4_idx'),
        ),
        migrations.AddConstraint(
            model_name='notleading',
            constraint=models.UniqueConstraint(fields=('crew', 'member'), name='not_leading_once'),
        ),
        migrations.AddIndex(
            model_name='swap',
            index=models.Index(fields=['asked', 'state'], name='rhythms_swa_asked_i_5cf26d_idx'),
        ),
        migrations.AddConstraint(
            model_name='swap',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('plan', 'asker'), name='swap_one_offer_each'),
        ),
        migrations.AddConstraint(
            model_name='swap',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('plan', models.F('other')), _negated=True), models.Q(('asker', models.F('asked')), _negated=True)), name='swap_of_two_by_two'),
        ),
        migrations.RunPython(show_what_showed, migrations.RunPython.noop),
    ]
