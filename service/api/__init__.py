"""The HTTP interface; besides app.py the only room that knows Flask."""
