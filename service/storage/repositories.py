"""All repositories on one database, one for each aggregate."""

from __future__ import annotations

from pymongo import MongoClient

from service.settings import Settings
from service.storage.accounts import MongoAccounts
from service.storage.baselines import Baselines
from service.storage.borders import Borders
from service.storage.client import Document
from service.storage.commune_states import CommuneStates
from service.storage.database import Database
from service.storage.households import Households
from service.storage.log import Log
from service.storage.open_data import MongoOpenData
from service.storage.parcels import Parcels
from service.storage.photos import MongoPhotos
from service.storage.recount import Recount
from service.storage.requests import MongoRequests
from service.storage.transaction import Transactions
from service.storage.units import Units
from service.storage.village_counts import VillageCounts
from service.storage.villages import Villages


class Repositories:
    """The repositories, made once for each process, and the database below them."""

    def __init__(self, settings: Settings, client: MongoClient[Document] | None = None) -> None:
        self.database = database = Database(settings, client)
        self.states = CommuneStates(database)
        self.transactions = Transactions(database, self.states)
        self.households = Households(database)
        self.log = Log(database, self.states)
        self.parcels = Parcels(database)
        self.recount = Recount(database)
        self.photos = MongoPhotos(database, self.transactions)
        self.units = Units(database)
        self.borders = Borders(database)
        self.baselines = Baselines(database)
        self.villages = Villages(database)
        self.village_counts = VillageCounts(database)
        self.requests = MongoRequests(database.mongo, database.encryption, self.transactions)
        self.accounts = MongoAccounts(database.mongo)
        self.open_data = MongoOpenData(database.mongo)

    def close(self) -> None:
        """Close the connections."""
        self.database.close()
