"""The case on disk: settings, custody ledger, catalog."""
