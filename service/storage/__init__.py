"""What is stored in MongoDB, through pymongo: repositories, transactions, encryption."""
