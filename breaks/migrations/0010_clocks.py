
import breaks.models.team
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('breaks', '0009_attachments_are_append_only'),
        ('matching', '0005_edits_of_drafts'),
        ('trades', '0003_search_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('kind', models.CharField(choices=[('CLOSED', 'Closed'), ('EARLY', 'Closes early'), ('OPEN', 'Open all the same')], default='CLOSED', max_length=8)),
                ('closes_at', models.TimeField(blank=True, help_text="Of an early close: the time at the team's own place.", null=True)),
                ('name', models.CharField(blank=True, help_text='Why, as in Christmas Eve.', max_length=80)),
            ],
            options={
                'ordering': ('calendar', 'day'),
            },
        ),
        migrations.CreateModel(
            name='ClockChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('QUEUED', 'Queued'), ('RUNNING', 'Running'), ('DONE', 'Done')], default='QUEUED', max_length=8)),
                ('reason', models.CharField(help_text='What was edited.', max_length=200)),
                ('team_ids', models.JSONField(blank=True, help_text='Only breaks of these teams; empty is all.', null=True)),
                ('to_look_at', models.PositiveIntegerField(default=0)),
                ('looked_at', models.PositiveIntegerField(default=0)),
                ('moved', models.PositiveIntegerField(default=0, help_text='Breaks due at another time by it.')),
                ('done_to', models.PositiveBigIntegerField(default=0)),
                ('made_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'change of due times',
                'verbose_name_plural': 'changes of due times',
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='HolidayCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=80, unique=True)),
                ('exchange', models.CharField(blank=True, help_text='Whose holidays and half days it has, by market code: XNYS, XLON, XASX, XTKS. Empty has only the days added here.', max_length=16)),
                ('exchange_from', models.DateField(blank=True, editable=False, null=True)),
                ('exchange_until', models.DateField(blank=True, editable=False, null=True)),
                ('exchange_days', models.JSONField(blank=True, default=dict, editable=False, help_text='closed: days; open: weekend days; early: closing moments by day.')),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='SlaPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40)),
                ('version', models.PositiveIntegerField(default=1)),
                ('name', models.CharField(max_length=80)),
                ('category', models.CharField(blank=True, choices=[('ECONOMIC', 'Economic'), ('TIMING', 'Timing'), ('STATIC_DATA', 'Static data')], max_length=12)),
                ('break_type', models.CharField(blank=True, choices=[('MISSING_LEFT', 'Missing on the left'), ('MISSING_RIGHT', 'Missing on the right'), ('SIDE', 'Side'), ('QUANTITY', 'Quantity'), ('PRICE', 'Price'), ('NET_AMOUNT', 'Net amount'), ('FEES', 'Fees'), ('ACCRUED_INTEREST', 'Accrued interest'), ('CURRENCY', 'Currency'), ('INSTRUMENT', 'Instrument'), ('SETTLEMENT_DATE', 'Settlement date'), ('TRADE_DATE', 'Trade date'), ('ACCOUNT', 'Account'), ('COUNTERPARTY', 'Counterparty'), ('DUPLICATE', 'Duplicate'), ('STATE', 'State'), ('TIMING', 'Late feed')], max_length=16, verbose_name='type')),
                ('critical_minutes', models.PositiveIntegerField(default=30, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(527040)], verbose_name='critical')),
                ('high_minutes', models.PositiveIntegerField(default=120, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(527040)], verbose_name='high')),
                ('medium_minutes', models.PositiveIntegerField(default=480, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(527040)], verbose_name='medium')),
                ('low_minutes', models.PositiveIntegerField(default=480, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(527040)], verbose_name='low')),
                ('pauses_while_awaiting', models.BooleanField(default=False, help_text='The clock stands while the counterparty is waited for.')),
                ('cut_off', models.TimeField(blank=True, help_text='Never due later than this time of the business day; empty is no cut-off.', null=True)),
                ('cut_off_timezone', models.CharField(blank=True, help_text="Where the cut-off is that time, as America/New_York is written; empty is the team's.", max_length=40, validators=[breaks.models.team.check_timezone])),
                ('note', models.TextField(blank=True, help_text='What this version changes, and why.')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'SLA policy',
                'verbose_name_plural': 'SLA policies',
                'ordering': ('code', '-version'),
            },
        ),
        migrations.RemoveIndex(
            model_name='tradebreak',
            name='break_live_rank',
        ),
        migrations.AddField(
            model_name='tradebreak',
            name='clock_from',
            field=models.DateTimeField(default=django.utils.timezone.now, help_text='Since when its clock runs, or ran until a pause.'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='tradebreak',
            name='clock_spent_us',
            field=models.PositiveBigIntegerField(db_default=0, default=0, help_text='Business time run before that, in microseconds.'),
        ),
        migrations.AddField(
            model_name='tradebreak',
            name='paused_at',
            field=models.DateTimeField(blank=True, help_text='Since when its clock stands.', null=True),
        ),
        migrations.AlterField(
            model_name='breakevent',
            name='kind',
            field=models.CharField(choices=[('OPENED', 'Opened'), ('REOPENED', 'Re-opened'), ('VALUES_CHANGED', 'Values changed'), ('STATUS_CHANGED', 'Status changed'), ('ASSIGNED', 'Assigned'), ('ROUTED', 'Routed'), ('COMMENTED', 'Commented'), ('ATTACHED', 'File attached'), ('REQUESTED', 'Approval asked for'), ('TURNED_DOWN', 'Request turned down'), ('WITHDRAWN', 'Request withdrawn'), ('UNDONE', 'Undone'), ('AUTO_CLEARED', 'Cleared by itself'), ('DUE_MOVED', 'Due time recalculated')], max_length=16),
        ),
        migrations.AddField(
            model_name='clockchange',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='calendarday',
            name='calendar',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='days', to='breaks.holidaycalendar'),
        ),
        migrations.AddField(
            model_name='team',
            name='calendar',
            field=models.ForeignKey(blank=True, help_text='Its holidays and half days; empty is every Monday to Friday.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='teams', to='breaks.holidaycalendar'),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='made_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='team',
            field=models.ForeignKey(blank=True, help_text="Whose breaks; empty is everybody's.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sla_policies', to='breaks.team'),
        ),
        migrations.AddField(
            model_name='tradebreak',
            name='sla_policy',
            field=models.ForeignKey(blank=True, help_text='The version of the policy that its due time follows.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='breaks', to='breaks.slapolicy'),
        ),
        migrations.AddIndex(
            model_name='tradebreak',
            index=models.Index(condition=models.Q(('status__in', ('OPEN', 'IN_PROGRESS', 'AWAITING_COUNTERPARTY', 'ESCALATED'))), fields=['-rank', '-id'], include=('team', 'assigned_to', 'severity', 'due_at', 'paused_at', 'exposure', 'currency'), name='break_live_rank'),
        ),
        migrations.AddConstraint(
            model_name='tradebreak',
            constraint=models.CheckConstraint(condition=models.Q(('paused_at', None), ('status', 'AWAITING_COUNTERPARTY'), _connector='OR'), name='break_paused_only_while_awaiting'),
        ),
        migrations.AddConstraint(
            model_name='clockchange',
            constraint=models.CheckConstraint(condition=models.Q(('looked_at__gte', models.F('moved'))), name='clock_change_moved_were_looked_at'),
        ),
        migrations.AddConstraint(
            model_name='calendarday',
            constraint=models.UniqueConstraint(fields=('calendar', 'day'), name='calendar_day_once'),
        ),
        migrations.AddConstraint(
            model_name='calendarday',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closes_at__isnull', False), ('kind', 'EARLY')), models.Q(models.Q(('kind', 'EARLY'), _negated=True), ('closes_at', None)), _connector='OR'), name='calendar_day_early_iff_when'),
        ),
        migrations.AddConstraint(
            model_name='slapolicy',
            constraint=models.UniqueConstraint(fields=('code', 'version'), name='sla_policy_version_once'),
        ),
        migrations.AddConstraint(
            model_name='slapolicy',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at', None)), fields=('code',), name='sla_policy_one_current_version'),
        ),
        migrations.AddConstraint(
            model_name='slapolicy',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at', None), ('team__isnull', False)), fields=('team', 'category', 'break_type'), name='sla_policy_one_a_team_scope'),
        ),
        migrations.AddConstraint(
            model_name='slapolicy',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at', None), ('team', None)), fields=('category', 'break_type'), name='sla_policy_one_a_scope'),
        ),
    ]
