// The drawing surface: Leaflet with geoman behind the few words that the map screen needs.
import { L } from './leaflet';
import '@geoman-io/leaflet-geoman-free';
import 'leaflet/dist/leaflet.css';
import { say } from '../language/language.svelte';
import type { Border } from '../geometry/border';
import type { Neighbour } from './neighbours';
import type { Ring, Shape } from '../geometry/shape';
import { FallbackTiles } from './tile-layer';
import type { LonLat } from '../geometry/vn2000';

export interface MapEvents {
  tapped: (position: LonLat) => void;
  /** A corner was moved, added or taken away by hand. */
  edited: (shape: Shape) => void;
}

const toLatLng = ([lon, lat]: LonLat): L.LatLngTuple => [lat, lon];
const fromLatLng = ({ lng, lat }: L.LatLng): LonLat => [lng, lat];
/** Leaflet's nesting: rings of one polygon, or polygons of rings. */
const toLatLngs = (shape: Shape): L.LatLngTuple[][] | L.LatLngTuple[][][] => {
  const polygons = shape.map((rings) => rings.map((ring: Ring) => ring.map(toLatLng)));
  return polygons.length === 1 ? polygons[0]! : polygons;
};
const fromLatLngs = (nested: L.LatLng[][] | L.LatLng[][][]): Shape => {
  const polygons = (Array.isArray(nested[0]?.[0]) ? nested : [nested]) as L.LatLng[][][];
  return polygons.map((rings) => rings.map((ring) => ring.map(fromLatLng)));
};
/** Colours come from the tokens, so that the dark theme applies to the map too. */
const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Seen from further away, names of parcels would lie over each other. */
const NAMES_FROM_ZOOM = 17;

export class BoundaryMap {
  readonly #map: L.Map;
  readonly #border = L.layerGroup();
  readonly #shape = L.layerGroup();
  readonly #others = L.layerGroup();
  readonly #me = L.layerGroup();
  readonly #mends = L.layerGroup();
  readonly #events: MapEvents;
  readonly #watching: ResizeObserver;
  #fitted: { bounds: L.LatLngBounds; options: L.FitBoundsOptions } | undefined;
  #fitting = false;
  #polygon: L.Polygon | undefined;
  #editing = false;

  constructor(container: HTMLElement, centre: LonLat, zoom: number, tiles: { url: string | null; attribution: string }, events: MapEvents) {
    this.#events = events;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#map = L.map(container, { zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, zoomControl: false, attributionControl: tiles.url !== null, maxZoom: 21, zoomSnap: 0.5 });
    this.#map.setView(toLatLng(centre), zoom);
    if (tiles.url !== null) new FallbackTiles(tiles.url, { maxZoom: 21, attribution: escaped(tiles.attribution) }).addTo(this.#map);
    this.#map.attributionControl?.setPrefix('Leaflet');
    L.control.zoom({ zoomInTitle: say('map.nearer'), zoomOutTitle: say('map.wider') }).addTo(this.#map);
    L.control.scale({ imperial: false }).addTo(this.#map);
    for (const layer of [this.#border, this.#others, this.#shape, this.#mends, this.#me]) layer.addTo(this.#map);
    const near = (): void => void container.classList.toggle('far', this.#map.getZoom() < NAMES_FROM_ZOOM);
    this.#map.on('zoomend', near);
    near();
    // The panel below grows and shrinks with what it says: what is shown stays in view.
    this.#watching = new ResizeObserver(() => {
      this.#byItself(() => this.#map.invalidateSize({ animate: false }));
      this.#fitAgain();
    });
    this.#watching.observe(container);
    this.#map.on('movestart zoomstart', () => {
      // A person who moves the map by hand wants another view.
      if (!this.#fitting) this.#fitted = undefined;
    });
    this.#map.on('click', ({ latlng }) => events.tapped(fromLatLng(latlng)));
  }

  /** Draws the commune's border: a grey dashed line, unlike any parcel's. */
  showBorder(border: Border): void {
    this.#border.clearLayers();
    const rings = border.polygons.map((polygon) => polygon.map((ring) => ring.map(toLatLng)));
    const style = { fill: false, interactive: false, pmIgnore: true, className: 'border' };
    // Light below dark: it is seen on fields, on forest and on bare paper.
    L.polygon(rings, { ...style, color: token('--surface'), weight: 4, opacity: 0.7 }).addTo(this.#border);
    L.polygon(rings, { ...style, color: token('--ink-soft'), weight: 2, dashArray: '10 7' }).addTo(this.#border);
  }

  /** Draws neighbours in grey with their sheet and number, and the household's own other parcels. */
  showOthers(neighbours: readonly Neighbour[], own: readonly Shape[]): void {
    this.#others.clearLayers();
    for (const { shape, name } of neighbours) {
      const polygon = L.polygon(toLatLngs(shape), { color: token('--line-strong'), weight: 1, fillOpacity: 0.15, interactive: false, pmIgnore: true });
      if (name) polygon.bindTooltip(escaped(name), { permanent: true, direction: 'center', className: 'parcel-name' });
      polygon.addTo(this.#others);
    }
    for (const shape of own) {
      L.polygon(toLatLngs(shape), { color: token('--brand'), weight: 1, fillOpacity: 0.1, interactive: false, pmIgnore: true }).addTo(this.#others);
    }
  }

  /** Draws the boundary: a line while it grows, an area when it is closed; red where it cannot stand. */
  showBoundary(shape: Shape, closed: boolean, wrong: boolean, editing: boolean): void {
    // While a corner is dragged the shape is geoman's; redrawing it would interrupt the drag.
    if (editing && this.#editing && this.#polygon) {
      this.#polygon.setStyle({ color: token(wrong ? '--bad' : '--brand') });
      return;
    }
    this.#polygon?.pm.disable();
    this.#shape.clearLayers();
    this.#polygon = undefined;
    this.#editing = editing;
    const colour = token(wrong ? '--bad' : '--brand');
    const points = shape.flat(2).map(toLatLng);
    if (closed && points.length > 2) {
      this.#polygon = L.polygon(toLatLngs(shape), { color: colour, weight: 3, fillOpacity: 0.25 }).addTo(this.#shape);
      if (editing) {
        this.#polygon.pm.enable({ allowSelfIntersection: true });
        this.#polygon.on('pm:edit', () => {
          if (this.#polygon) this.#events.edited(fromLatLngs(this.#polygon.getLatLngs() as L.LatLng[][]));
        });
      }
    } else {
      L.polyline(points, { color: colour, weight: 4, interactive: false, pmIgnore: true }).addTo(this.#shape);
    }
    if (!editing) {
      for (const point of points) L.circleMarker(point, { radius: 5, color: colour, weight: 2, fillColor: token('--surface'), fillOpacity: 1, interactive: false, pmIgnore: true }).addTo(this.#shape);
    }
  }

  /** Draws what a boundary might be mended to. */
  showMends(shapes: readonly Shape[]): void {
    this.#mends.clearLayers();
    for (const shape of shapes) L.polygon(toLatLngs(shape), { color: token('--brand'), weight: 3, dashArray: '8 6', fillOpacity: 0.1, interactive: false, pmIgnore: true }).addTo(this.#mends);
  }

  /** Shows a single position, e.g. of the home. */
  showPoint(position: LonLat | null): void {
    this.#shape.clearLayers();
    if (position) L.circleMarker(toLatLng(position), { radius: 9, color: token('--brand'), weight: 4, fillColor: token('--focus'), fillOpacity: 1, interactive: false }).addTo(this.#shape);
  }

  /** Shows where the phone is, with the circle of its accuracy. */
  showMe(position: LonLat, accuracy: number): void {
    this.#me.clearLayers();
    L.circle(toLatLng(position), { radius: accuracy, color: token('--link'), weight: 1, fillOpacity: 0.1, interactive: false, pmIgnore: true }).addTo(this.#me);
    L.circleMarker(toLatLng(position), { radius: 6, color: token('--surface'), weight: 2, fillColor: token('--link'), fillOpacity: 1, interactive: false, pmIgnore: true }).addTo(this.#me);
  }

  goTo(position: LonLat, zoom?: number): void {
    this.#map.setView(toLatLng(position), zoom ?? this.#map.getZoom());
  }

  /** Shows the whole commune. */
  fitBorder(border: Border): void {
    this.#show(L.latLngBounds(border.polygons.flat(2).map(toLatLng)), { padding: [8, 8] });
  }

  fit(shape: Shape): void {
    const points = shape.flat(2);
    if (points.length > 0) this.#show(L.latLngBounds(points.map(toLatLng)), { maxZoom: 19, padding: [32, 32] });
  }

  #show(bounds: L.LatLngBounds, options: L.FitBoundsOptions): void {
    this.#fitted = { bounds, options: { ...options, animate: false } };
    this.#fitAgain();
  }

  #fitAgain(): void {
    const fitted = this.#fitted;
    if (fitted) this.#byItself(() => this.#map.fitBounds(fitted.bounds, fitted.options));
  }

  #byItself(move: () => void): void {
    this.#fitting = true;
    move();
    this.#fitting = false;
  }

  close(): void {
    this.#watching.disconnect();
    this.#map.remove();
  }
}

/** Leaflet takes names as HTML; ours are text that people typed. */
function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
