"""Channels, the outbox, escalation levels; how the standard policy escalates; the two schedules."""

import django.core.validators
import django.db.models.deletion
import simple_history.models
import uuid
import workflows.models.channel
from django.conf import settings
from django.db import migrations, models

LEVELS = (
    {"number": 1, "after_pct": 0, "tells_assignee": True, "tells_own_team": True},
    {"number": 2, "after_pct": 50, "team": "senior-operations", "sets_status": True},
    {"number": 3, "after_pct": 100, "team": "head-of-trading"},
)
SCHEDULE = {
    "Escalate what is overdue": {
        "task": "tasks.check_sla_breaches",
        "minute": "*/15",
        "expire_seconds": 15 * 60,
        "description": "Tells whom the levels of the policies name; each level fires once a break.",
    },
    "Send notifications": {
        "task": "tasks.send_notifications",
        "minute": "*",
        "expire_seconds": 60,
        "description": "What is due to be sent, digests whose time is up, and what a lost worker held.",
    },
}


def add_defaults(apps, schema_editor):
    apps.get_model("workflows", "Channel").objects.get_or_create(
        kind="EMAIL", addresses="", defaults={"name": "E-mail to each person"}
    )
    teams = {team.code: team for team in apps.get_model("breaks", "Team").objects.all()}
    levels = apps.get_model("workflows", "EscalationLevel").objects
    for level in LEVELS:
        named = {"team": teams.get(level["team"])} if "team" in level else {}
        if named == {"team": None}:
            continue  # the team was removed: nobody is there to be told
        levels.create(policy_code="standard", **{**level, **named})
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule").objects
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for name, row in SCHEDULE.items():
        crontab, _ = crontabs.get_or_create(
            minute=row["minute"], hour="*", day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
        )
        tasks.get_or_create(
            name=name,
            defaults={
                "task": row["task"],
                "crontab": crontab,
                "expire_seconds": row["expire_seconds"],
                "description": row["description"],
            },
        )


def remove_rows(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=SCHEDULE).delete()


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('breaks', '0011_alerts'),
        ('django_celery_beat', '0019_alter_periodictasks_options'),
        ('workflows', '0003_clocks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('kind', models.CharField(choices=[('EMAIL', 'E-mail'), ('SLACK', 'Slack-compatible webhook'), ('WEBHOOK', 'Signed webhook')], max_length=7)),
                ('is_enabled', models.BooleanField(default=True, help_text='Off: nothing is sent; what waits is sent once it is on.', verbose_name='enabled')),
                ('kinds', models.JSONField(blank=True, default=list, help_text='Sent here whenever it happens; escalations also as their levels say.', validators=[workflows.models.channel.check_kinds], verbose_name='tells of')),
                ('addresses', models.TextField(blank=True, help_text="Of e-mail: one address a line. Empty is each person's own address, for what people are told; one such channel is enough.")),
                ('url', models.CharField(blank=True, help_text='Of a signed webhook, with https. Its host has to be among OUTBOUND_HOSTS.', max_length=500, verbose_name='URL')),
                ('url_env', models.CharField(blank=True, help_text="Environment variable that holds the URL, such as SLACK_WEBHOOK_URL: whoever knows a chat room's URL can write there.", max_length=80, verbose_name="URL's variable")),
                ('secret_env', models.CharField(blank=True, help_text='Environment variable that holds the secret of a signed webhook: whsec_ and then base64, as Standard Webhooks has it.', max_length=80, verbose_name="secret's variable")),
                ('digest_above', models.PositiveSmallIntegerField(default=5, help_text='So many of one kind to one recipient go out one by one within the minutes beside; what follows becomes one digest.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(500)], verbose_name='single notices')),
                ('digest_minutes', models.PositiveSmallIntegerField(default=10, help_text='A digest collects for as long, then is sent.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)], verbose_name='within minutes')),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('addresses', ''), ('kind', 'EMAIL')), fields=('kind',), name='channel_one_for_peoples_own_addresses', violation_error_message="There is a channel for people's own addresses already; give this one addresses.")],
            },
        ),
        migrations.CreateModel(
            name='HistoricalEscalationLevel',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('policy_code', models.SlugField(max_length=40, verbose_name='policy')),
                ('number', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(9)], verbose_name='level')),
                ('after_pct', models.PositiveSmallIntegerField(default=0, help_text='Of the clock, in business time: 0 is when it is due, 50 is 4 hours late of 8.', validators=[django.core.validators.MaxValueValidator(1000)], verbose_name='late by %')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('tells_assignee', models.BooleanField(default=False, help_text='Whoever the break is assigned to.', verbose_name='assignee')),
                ('tells_own_team', models.BooleanField(default=False, help_text='The members of the team whose queue it is in.', verbose_name='its team')),
                ('sets_status', models.BooleanField(default=False, help_text='The break becomes Escalated.', verbose_name='sets Escalated')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('channel', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='workflows.channel')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, db_constraint=False, help_text='All its members.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='breaks.team')),
            ],
            options={
                'verbose_name': 'historical escalation level',
                'verbose_name_plural': 'historical escalation levels',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.PositiveSmallIntegerField()),
                ('after_pct', models.PositiveSmallIntegerField(verbose_name='late by %')),
                ('due_at', models.DateTimeField(help_text='When the break was due.')),
                ('at', models.DateTimeField()),
                ('told', models.CharField(max_length=200)),
                ('tick', models.UUIDField(editable=False, help_text='The look that found it.')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='breaks.slapolicy')),
                ('trade_break', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='breaks.tradebreak')),
            ],
            options={
                'ordering': ('-at', '-pk'),
                'indexes': [models.Index(fields=['-at'], name='escalation_newest_first')],
                'constraints': [models.UniqueConstraint(fields=('trade_break', 'policy', 'level'), name='escalation_fires_once')],
            },
        ),
        migrations.CreateModel(
            name='EscalationLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('policy_code', models.SlugField(max_length=40, verbose_name='policy')),
                ('number', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(9)], verbose_name='level')),
                ('after_pct', models.PositiveSmallIntegerField(default=0, help_text='Of the clock, in business time: 0 is when it is due, 50 is 4 hours late of 8.', validators=[django.core.validators.MaxValueValidator(1000)], verbose_name='late by %')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('tells_assignee', models.BooleanField(default=False, help_text='Whoever the break is assigned to.', verbose_name='assignee')),
                ('tells_own_team', models.BooleanField(default=False, help_text='The members of the team whose queue it is in.', verbose_name='its team')),
                ('sets_status', models.BooleanField(default=False, help_text='The break becomes Escalated.', verbose_name='sets Escalated')),
                ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='workflows.channel')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, help_text='All its members.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='breaks.team')),
            ],
            options={
                'ordering': ('policy_code', 'number'),
                'constraints': [models.UniqueConstraint(fields=('policy_code', 'number'), name='escalation_level_once_a_policy', violation_error_message='The policy has this level already.'), models.CheckConstraint(condition=models.Q(('tells_assignee', True), ('tells_own_team', True), ('team__isnull', False), ('person__isnull', False), ('channel__isnull', False), _connector='OR'), name='escalation_level_tells_somebody', violation_error_message='Say who is told: assignee, team, person or channel.')],
            },
        ),
        migrations.CreateModel(
            name='NoticePreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('ESCALATION', 'Escalation'), ('ASSIGNMENT', 'Assignment'), ('APPROVAL_ASKED', 'Approval asked for'), ('APPROVAL_DECIDED', 'Approval decided'), ('LATE_FILE', 'Late file'), ('RUN_FAILED', 'Failed run'), ('DIGEST', 'Digest')], max_length=16)),
                ('how', models.CharField(choices=[('AT_ONCE', 'E-mail at once'), ('DIGEST', 'One e-mail an hour'), ('INBOX', 'Inbox only')], max_length=7)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notice_preferences', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('person', 'kind'),
                'constraints': [models.UniqueConstraint(fields=('person', 'kind'), name='preference_one_a_kind')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('ESCALATION', 'Escalation'), ('ASSIGNMENT', 'Assignment'), ('APPROVAL_ASKED', 'Approval asked for'), ('APPROVAL_DECIDED', 'Approval decided'), ('LATE_FILE', 'Late file'), ('RUN_FAILED', 'Failed run'), ('DIGEST', 'Digest')], max_length=16)),
                ('key', models.CharField(editable=False, max_length=120)),
                ('subject', models.CharField(max_length=200)),
                ('text', models.TextField(blank=True)),
                ('link', models.CharField(blank=True, help_text='Path of the page it is about.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('is_listed', models.BooleanField(default=True)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('status', models.CharField(choices=[('INBOX', 'Inbox only'), ('FOLDED', 'In a digest'), ('COLLECTING', 'Collecting'), ('QUEUED', 'Queued'), ('SENDING', 'Sending'), ('SENT', 'Sent'), ('DEAD', 'Not delivered')], max_length=10)),
                ('send_after', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.TextField(blank=True)),
                ('digest_of', models.CharField(blank=True, choices=[('ESCALATION', 'Escalation'), ('ASSIGNMENT', 'Assignment'), ('APPROVAL_ASKED', 'Approval asked for'), ('APPROVAL_DECIDED', 'Approval decided'), ('LATE_FILE', 'Late file'), ('RUN_FAILED', 'Failed run'), ('DIGEST', 'Digest')], max_length=16)),
                ('folded', models.PositiveIntegerField(default=0, help_text='Notices in it, of a digest.')),
                ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='workflows.channel')),
                ('digest', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='members', to='workflows.notification')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
                ('trade_break', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notices', to='breaks.tradebreak')),
            ],
            options={
                'ordering': ('-created_at', '-pk'),
                'permissions': [('resend_notification', 'Can send again what was not delivered')],
                'indexes': [models.Index(condition=models.Q(('status__in', ['QUEUED', 'SENDING', 'COLLECTING'])), fields=['send_after'], name='notice_to_send'), models.Index(condition=models.Q(('is_listed', True), ('read_at', None)), fields=['person'], name='notice_unread'), models.Index(fields=['person', '-created_at'], name='notice_inbox'), models.Index(fields=['channel', '-created_at'], name='notice_of_channel')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('person__isnull', False)), fields=('key', 'person'), name='notice_once_a_person'), models.UniqueConstraint(condition=models.Q(('person', None)), fields=('key', 'channel'), name='notice_once_a_channel'), models.CheckConstraint(condition=models.Q(('person__isnull', False), ('channel__isnull', False), _connector='OR'), name='notice_has_a_recipient'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('status', 'SENT')), models.Q(models.Q(('status', 'SENT'), _negated=True), ('sent_at', None)), _connector='OR'), name='notice_sent_iff_when'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'DEAD'), _negated=True), models.Q(('last_error', ''), _negated=True), _connector='OR'), name='notice_dead_says_why')],
            },
        ),
        migrations.RunPython(add_defaults, remove_rows),
    ]
