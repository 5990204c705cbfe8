from django.db import migrations

# What people search trades by, from its beginning and whatever its case. Only Postgres can use
# an index for that; most references are empty, and stay out of it.
SEARCHED = {
    "source_trade_id": "",
    "symbol": " WHERE symbol <> ''",
    "order_ref": " WHERE order_ref <> ''",
    "block_ref": " WHERE block_ref <> ''",
    "execution_ref": " WHERE execution_ref <> ''",
}


def add_indexes(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for column, condition in SEARCHED.items():
        schema_editor.execute(
            f"CREATE INDEX trade_search_{column} ON trades_trade "
            f"(upper({column}) text_pattern_ops){condition}"
        )


def drop_indexes(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for column in SEARCHED:
        schema_editor.execute(f"DROP INDEX trade_search_{column}")


class Migration(migrations.Migration):
    dependencies = [("trades", "0002_sources")]
    operations = [migrations.RunPython(add_indexes, drop_indexes)]
