from django.db import migrations, models
from django.db.models import Max, Min, OuterRef, Subquery
from django.db.models.deletion import CASCADE, PROTECT


def fill_dates(apps, schema_editor):
    legs = (
        apps.get_model("matching", "MatchLeg")
        .objects.filter(match=OuterRef("pk"))
        .order_by()
        .values("match")
    )
    apps.get_model("matching", "Match").objects.update(
        first_trade_date=Subquery(legs.annotate(day=Min("trade__trade_date")).values("day")),
        last_trade_date=Subquery(legs.annotate(day=Max("trade__trade_date")).values("day")),
    )


class Migration(migrations.Migration):
    dependencies = [("matching", "0002_default_rules")]
    operations = [
        migrations.AlterField("match", "pass_name", models.CharField(max_length=80)),
        migrations.AddField("match", "first_trade_date", models.DateField(null=True)),
        migrations.AddField("match", "last_trade_date", models.DateField(null=True)),
        migrations.RunPython(fill_dates, migrations.RunPython.noop),
        migrations.AlterField(
            "match",
            "first_trade_date",
            models.DateField(help_text="Earliest trade date compared."),
        ),
        migrations.AlterField(
            "match",
            "last_trade_date",
            models.DateField(help_text="Latest trade date compared."),
        ),
        migrations.AddIndex(
            "match",
            models.Index(fields=["reconciliation", "last_trade_date"], name="match_recon_date"),
        ),
        migrations.AlterField(
            "match",
            "reconciliation",
            models.ForeignKey(
                db_index=False,
                on_delete=PROTECT,
                related_name="matches",
                to="matching.reconciliation",
            ),
        ),
        migrations.AlterField(
            "matchleg",
            "match",
            models.ForeignKey(
                db_index=False, on_delete=CASCADE, related_name="legs", to="matching.match"
            ),
        ),
        migrations.AlterField(
            "matchleg",
            "reconciliation",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=PROTECT,
                related_name="+",
                to="matching.reconciliation",
            ),
        ),
    ]
