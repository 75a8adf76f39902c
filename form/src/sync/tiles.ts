// Map tiles for a commune taken along: fetched once, kept for the map to draw without signal.
import { fromPolygon } from '../map/shape';
import { isObject, listAt, type Household } from '../storage/household';

const CACHE = 'tiles';
const ZOOMS = [13, 14, 15, 16, 17] as const;
/** A tile is some 20 kB: this many are a day's ration of a phone's data plan, not a month's. */
const MOST_TILES = 1500;
const MARGIN_DEGREES = 0.003;

/** Addresses of the tiles around the households' parcels and homes, coarse ones first; at most 1,500. */
export function tilesFor(template: string, households: readonly Household[]): string[] {
  const places = households.flatMap((household) => {
    const location = household['location'];
    const home = isObject(location) && Array.isArray(location['coordinates']) ? [location['coordinates'] as number[]] : [];
    return [...home, ...listAt(household, 'parcels').flatMap((parcel) => fromPolygon(parcel['geometry']))];
  });
  const addresses = new Set<string>();
  for (const zoom of ZOOMS) {
    for (const [lon = 0, lat = 0] of places) {
      const [west, north] = tileAt(lon - MARGIN_DEGREES, lat + MARGIN_DEGREES, zoom);
      const [east, south] = tileAt(lon + MARGIN_DEGREES, lat - MARGIN_DEGREES, zoom);
      for (let x = west; x <= east; x++) {
        for (let y = north; y <= south; y++) {
          if (addresses.size >= MOST_TILES) return [...addresses];
          addresses.add(template.replace('{s}', 'a').replace('{r}', '').replace('{z}', String(zoom)).replace('{x}', String(x)).replace('{y}', String(y)));
        }
      }
    }
  }
  return [...addresses];
}

/** Fetches what is not kept yet. A tile that does not come is left out: the map draws without it. */
export async function keepTiles(addresses: readonly string[]): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const address of addresses) {
    if (await cache.match(address)) continue;
    try {
      await cache.put(address, await fetch(address, { mode: 'no-cors', credentials: 'omit' }));
    } catch {
      return;
    }
  }
}

/** The tile of the web map's grid that holds a position. */
export function tileAt(lon: number, lat: number, zoom: number): [number, number] {
  const count = 2 ** zoom;
  const phi = (lat * Math.PI) / 180;
  const y = (1 - Math.log(Math.tan(phi) + 1 / Math.cos(phi)) / Math.PI) / 2;
  return [Math.floor(((lon + 180) / 360) * count), Math.floor(y * count)];
}
