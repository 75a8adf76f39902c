"""The only room that knows pymongo: repositories, transactions, encryption."""
