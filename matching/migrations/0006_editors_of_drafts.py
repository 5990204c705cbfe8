from django.conf import settings
from django.db import migrations, models


def keep_those_known(apps, _schema_editor):
    """Of the versions there are, who wrote them and who saved them last is known."""
    rule_set = apps.get_model("matching", "RuleSet")
    for row in rule_set.objects.all():
        row.editors.add(*{pk for pk in (row.created_by_id, row.edited_by_id) if pk})


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("matching", "0005_edits_of_drafts"),
    ]

    operations = [
        migrations.AddField(
            model_name="ruleset",
            name="editors",
            field=models.ManyToManyField(
                blank=True,
                help_text="Everybody who wrote some of this version: none of them approves it.",
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(keep_those_known, migrations.RunPython.noop),
    ]
