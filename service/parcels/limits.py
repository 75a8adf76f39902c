"""The limits of the geometry rules: one frozen object for each kind of check, made from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from service.parcels.reference_systems import EVERYWHERE, Zones


@dataclass(frozen=True, slots=True)
class ShapeRules:
    """The limits of a boundary's shape. Lengths are in metres, areas in m²."""

    smallest_area_m2: float = 25.0
    largest_area_m2: float = 5_000_000.0
    most_vertices: int = 2_000
    decimals: int = 7
    repeated_within_m: float = 0.02
    """Consecutive vertices nearer than this are one vertex marked twice (seven decimals are a centimetre)."""
    spike_degrees: float = 1.0
    """A corner sharper than this is a spike, drawn by mistake…"""
    spike_length_m: float = 1.0
    """…if the shorter of its two edges is at least this long."""
    clearance_m: float = 0.001
    """The least distance of a vertex from every edge of which it is not an end."""
    narrowest_m: float = 0.02
    """A boundary that is narrower than this on average counts as a line."""


@dataclass(frozen=True, slots=True)
class OverlapRules:
    """How much two parcels may overlap without a finding."""

    tolerated_share: float = 0.05
    """Share of the smaller parcel."""
    tolerated_width_m: float = 5.0
    """A strip along the common edge that is nowhere wider than this is tolerated too…"""
    sliver_share: float = 0.5
    """…unless it is more than this share of the smaller parcel: a narrow terrace drawn twice is not a sliver."""


@dataclass(frozen=True, slots=True)
class LocatingRules:
    """How far outside its unit a parcel may lie, in metres: published borders are less exact than boundaries."""

    tolerated_distance_m: float = 100.0


@dataclass(frozen=True, slots=True)
class DeclaredAreaRules:
    """How far a declared area may differ from the measured one without a finding: the larger of the two limits."""

    tolerated_share: float = 0.10
    tolerated_m2: float = 100.0


@dataclass(frozen=True, slots=True)
class GeometryRules:
    """What the examination of a household's parcels needs to know: its limits, and the zones that sheets come in."""

    shape: ShapeRules = ShapeRules()
    overlap: OverlapRules = OverlapRules()
    locating: LocatingRules = LocatingRules()
    area: DeclaredAreaRules = DeclaredAreaRules()
    zones: Zones = EVERYWHERE
