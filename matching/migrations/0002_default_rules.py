from django.db import migrations
from django.utils import timezone

from matching.default_rules import TRADE_RULES


def activate_default_rules(apps, schema_editor):
    now = timezone.now()
    apps.get_model("matching", "RuleSet").objects.get_or_create(
        name="trades",
        version=1,
        defaults={
            "status": "ACTIVE",
            "definition": TRADE_RULES,
            "note": "The defaults the desk comes with.",
            "created_at": now,
            "activated_at": now,
        },
    )


class Migration(migrations.Migration):
    dependencies = [("matching", "0001_initial")]
    operations = [migrations.RunPython(activate_default_rules, migrations.RunPython.noop)]
