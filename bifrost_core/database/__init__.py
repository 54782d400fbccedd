"""The database: tables, transactions, migrations. It knows no use case; services do."""
