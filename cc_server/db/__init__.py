"""The store: tables, the one writer, the readers and the migrations. Knows no rule of the business and no HTTP."""
