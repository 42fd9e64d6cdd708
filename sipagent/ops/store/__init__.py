"""The store of calls: every call in a database, written as it goes.

| who                         | uses                                                             |
|-----------------------------|------------------------------------------------------------------|
| a process with calls        | ``observer.StoreObserver`` over ``writer.StoreWriter``           |
| the supervisor              | ``keeper.StoreKeeper``: migrations, cut-off calls, age           |
| API, console, command line  | ``queries.CallQueries`` with ``filters.CallFilter``              |
| exports                     | ``export.export_jsonl``, ``export.export_csv``                   |

The tables are in ``tables``, and made by nothing but ``migrations``.
"""
