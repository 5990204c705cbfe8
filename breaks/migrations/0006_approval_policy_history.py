import django.db.models.deletion
import simple_history.models
import trades.fields
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


def begin(apps, schema_editor):
    """Keep how the policies were before anybody changed them."""
    kept = apps.get_model("breaks", "HistoricalApprovalPolicy").objects
    for policy in apps.get_model("breaks", "ApprovalPolicy").objects.order_by("pk"):
        kept.create(
            id=policy.pk,
            act=policy.act,
            is_enabled=policy.is_enabled,
            above=policy.above,
            history_date=timezone.now(),
            history_type="+",
        )


class Migration(migrations.Migration):

    dependencies = [
        ('breaks', '0005_history_is_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalApprovalPolicy',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('act', models.CharField(choices=[('ACCEPT', 'Accept a break'), ('PAIR', 'Pair trades by hand'), ('UNMATCH', 'Take a match apart'), ('IMPORT', 'Import a file of acts'), ('ACTIVATE_RULES', 'Activate a rule set')], db_index=True, max_length=16)),
                ('is_enabled', models.BooleanField(default=True, help_text='Off: whoever may do it does it, without a second person.')),
                ('above', trades.fields.ExactDecimalField(decimal_places=10, default=0, help_text='Exposure in the base currency above which it needs approval; 0 is always. An unknown exposure needs it too.', max_digits=28)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical approval policy',
                'verbose_name_plural': 'historical approval policies',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
