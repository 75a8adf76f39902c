// Neighbours' parcels that were taken along: those near a place, and how much a drawn boundary lies over them.
import { listAt, textAt, type Household } from '../storage/household';
import { commonArea } from './overlap';
import { distance, fromPolygon, type Ring } from './shape';
import type { LonLat } from './vn2000';

export interface Neighbour {
  household: string;
  name: string;
  ring: Ring;
}

/** Parcels of other households with a corner within `metres` of `place`. */
export function parcelsNear(households: Iterable<Household>, own: string, place: LonLat, metres: number): Neighbour[] {
  const found: Neighbour[] = [];
  for (const household of households) {
    if (household['id'] === own) continue;
    for (const parcel of listAt(household, 'parcels')) {
      const ring = fromPolygon(parcel['geometry']);
      if (ring.length > 2 && ring.some((corner) => distance(corner, place) < metres)) {
        const name = [textAt(parcel, 'map_sheet'), textAt(parcel, 'parcel_number')].filter(Boolean).join('/');
        found.push({ household: textAt(household, 'id'), name, ring });
      }
    }
  }
  return found;
}

/** m² of `ring` that lie inside the neighbours. A simple ring is asked for. */
export function overlapArea(ring: Ring, neighbours: readonly Neighbour[]): number {
  return neighbours.reduce((sum, neighbour) => sum + commonArea(ring, neighbour.ring), 0);
}
