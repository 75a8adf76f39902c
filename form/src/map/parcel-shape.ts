// The land of a parcel as a record has it: in WGS 84, or in the metres of a sheet whose system the record names.
import { textAt, type JsonObject } from '../record/household';
import { fromGeometry, toGeometry, type Shape } from '../geometry/shape';
import type { Capture } from './taking';
import { fromGrid, type Zone } from '../geometry/vn2000';

/** The parcel's land in WGS 84; empty where it has none, or in a system that this phone does not know. */
export function shapeOfParcel(parcel: JsonObject, zones: readonly Zone[]): Shape {
  const shape = fromGeometry(parcel['geometry']);
  const system = textAt(parcel, 'crs');
  if (system === '' || system === 'EPSG:4326') return shape;
  const zone = zones.find(({ code }) => code === system);
  return zone ? shape.map((rings) => rings.map((ring) => ring.map(([east, north]) => fromGrid({ east, north }, zone)))) : [];
}

/** What of a boundary goes to the register: the coordinates of a sheet as they stand on it, with their system; else WGS 84. */
export function forRegister(shape: Shape, { sheet }: Capture): { geometry: JsonObject; crs?: string } {
  if (sheet === null) return { geometry: toGeometry(shape) };
  const ring = sheet.corners.map(({ east, north }) => [east, north]);
  return { geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]!]] }, crs: sheet.zone.code };
}
