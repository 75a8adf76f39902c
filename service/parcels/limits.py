"""The limits that geometry is held to: one frozen object for each question, made from the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShapeRules:
    """What is asked of a boundary's shape. Lengths are metres, areas m²."""

    smallest_area_m2: float = 25.0
    largest_area_m2: float = 5_000_000.0
    most_vertices: int = 2_000
    decimals: int = 7
    repeated_within_m: float = 0.02
    """Two vertices in a row nearer than this are one vertex marked twice (seven decimals are a centimetre)."""
    spike_degrees: float = 1.0
    """A corner sharper than this is a slip of the finger…"""
    spike_length_m: float = 1.0
    """…if the shorter of its two edges is at least this long."""
    clearance_m: float = 0.001
    """A vertex keeps at least this distance from every edge that it is no end of."""
    narrowest_m: float = 0.02
    """A boundary that is on average narrower than this is a line."""


@dataclass(frozen=True, slots=True)
class OverlapRules:
    """How much two parcels may overlap before anybody is told."""

    tolerated_share: float = 0.05
    """Share of the smaller parcel."""
    tolerated_width_m: float = 5.0
    """A strip along the border that is nowhere wider than this is tolerated too…"""
    sliver_share: float = 0.5
    """…unless it is more than this share of the smaller parcel: a narrow terrace drawn twice is no sliver."""


@dataclass(frozen=True, slots=True)
class PlaceRules:
    """How far a parcel may lie from where it belongs, in metres: borders are drawn less exactly than parcels."""

    tolerated_distance_m: float = 100.0


@dataclass(frozen=True, slots=True)
class AreaRules:
    """How far a declared area may be from the measured one before anybody is told: the larger of the two (DOMAIN)."""

    tolerated_share: float = 0.10
    tolerated_m2: float = 100.0


@dataclass(frozen=True, slots=True)
class GeometryRules:
    """All limits together, as the examination of a household's parcels needs them."""

    shape: ShapeRules = ShapeRules()
    overlap: OverlapRules = OverlapRules()
    place: PlaceRules = PlaceRules()
    area: AreaRules = AreaRules()
