"""The mark survives flask-smorest's decorators, whichever order they stand in."""

from __future__ import annotations

import marshmallow
import pytest
from flask import Flask
from flask.views import MethodView
from flask_smorest import Api

from service.access.errors import EndpointUndeclared
from service.access.gate import needs, public
from service.api.http.blueprint import Blueprint
from service.api.http.gate import check_every_endpoint_is_declared


class Item(marshmallow.Schema):
    name = marshmallow.fields.String()


def app_with(blueprint: Blueprint) -> Flask:
    app = Flask("declared", static_folder=None)
    app.config.update(API_TITLE="t", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    Api(app).register_blueprint(blueprint)
    return app


def test_marks_are_found_through_the_decorators_of_the_framework() -> None:
    blueprint = Blueprint("households", __name__)

    @blueprint.route("/households")
    class Households(MethodView):
        @needs("households.search")
        @blueprint.response(200, Item)
        def get(self) -> dict[str, str]:
            return {}

        @blueprint.query(Item)
        @blueprint.response(201, Item)
        @needs("households.write")
        def post(self, content: dict[str, str]) -> dict[str, str]:
            return content

    @blueprint.route("/livez")
    @blueprint.response(200, Item)
    @public
    def alive() -> dict[str, str]:
        return {}

    check_every_endpoint_is_declared(app_with(blueprint))


def test_one_forgotten_method_stops_the_start() -> None:
    blueprint = Blueprint("households", __name__)

    @blueprint.route("/households")
    class Households(MethodView):
        @needs("households.search")
        def get(self) -> dict[str, str]:
            return {}

        def post(self) -> dict[str, str]:
            return {}

    with pytest.raises(EndpointUndeclared, match="POST /households"):
        check_every_endpoint_is_declared(app_with(blueprint))
