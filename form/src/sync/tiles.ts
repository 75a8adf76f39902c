// Map tiles for a commune taken along: which ones, fetched on request, stored for the map to draw without signal.
import type { Border } from '../geometry/border';
import { contains, fromGeometry } from '../geometry/shape';
import type { LonLat } from '../geometry/vn2000';
import { isObject, listAt, type Household } from '../record/household';
import { isFull } from '../storage/room';

const CACHE = 'tiles';
const ZOOMS = [12, 13, 14, 15, 16, 17] as const;
/** A tile is some 18 kB: this many are a day's ration of a phone's data plan, not a month's. */
export const MOST_TILES = 1500;
/** What one tile weighs until some have come. */
export const USUAL_TILE_BYTES = 18_000;
const MARGIN_DEGREES = 0.003;
const AT_ONCE = 4;
const LIMIT_MILLISECONDS = 30_000;
/** After so many tiles in a row that did not come there is no use in fetching the others. */
const FAILURES_IN_A_ROW = 6;

export interface TilePlan {
  addresses: string[];
  /** Whether the closest views are of the fields and homes only, since the whole commune would be too many tiles. */
  fieldsOnly: boolean;
}

export interface TileProgress {
  done: number;
  bytes: number;
}

/** stored: all that the server has. stopped: by the person. lost: no signal. refused: the server lets no page store its tiles. full: no room. */
export type TilesEnd = 'stored' | 'stopped' | 'lost' | 'refused' | 'full';

export function addressOf(template: string, zoom: number, x: number, y: number): string {
  return template.replace('{s}', 'a').replace('{r}', '').replace('{z}', String(zoom)).replace('{x}', String(x)).replace('{y}', String(y));
}

/** The tiles for a commune, coarse ones first: all of it as far as the bound allows, then those around its fields and homes. */
export function planTiles(template: string, border: Border | null, households: readonly Household[]): TilePlan {
  const positions = households.flatMap((household) => {
    const location = household['location'];
    const home = isObject(location) && Array.isArray(location['coordinates']) ? [location['coordinates'] as LonLat] : [];
    return [...home, ...listAt(household, 'parcels').flatMap((parcel) => fromGeometry(parcel['geometry']).flat(2))];
  });
  const addresses = new Set<string>();
  let fieldsOnly = border === null;
  for (const zoom of ZOOMS) {
    const whole = border && !fieldsOnly ? tilesOver(border, zoom, MOST_TILES - addresses.size) : null;
    fieldsOnly = whole === null;
    for (const [x, y] of whole ?? tilesAround(positions, zoom)) {
      if (addresses.size >= MOST_TILES) break;
      addresses.add(addressOf(template, zoom, x, y));
    }
  }
  return { addresses: [...addresses], fieldsOnly };
}

/** How many of the tiles are on the phone. */
export async function countStored(addresses: readonly string[]): Promise<number> {
  const cache = await caches.open(CACHE);
  const stored = new Set((await cache.keys()).map(({ url }) => url));
  return addresses.filter((address) => stored.has(new URL(address, location.href).href)).length;
}

/** Fetches what is not stored yet, a few at once. A tile that the server does not have is left out: the map draws without it. */
export async function storeTiles(addresses: readonly string[], signal: AbortSignal, onProgress: (progress: TileProgress) => void): Promise<TilesEnd> {
  const cache = await caches.open(CACHE);
  const progress = { done: 0, bytes: 0 };
  const waiting = [...addresses];
  let failures = 0;
  let end: TilesEnd = 'stored';
  const work = async (): Promise<void> => {
    for (let address = waiting.shift(); address !== undefined && end === 'stored'; address = waiting.shift()) {
      if (signal.aborted) {
        end = 'stopped';
        return;
      }
      try {
        if (!(await cache.match(address, { ignoreVary: true }))) progress.bytes += await store(cache, address);
        failures = 0;
      } catch (error) {
        if (isFull(error)) end = 'full';
        else if (++failures >= FAILURES_IN_A_ROW) end = (await isReachable(address)) ? 'refused' : 'lost';
      }
      progress.done += 1;
      onProgress({ ...progress });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return end === 'stored' && failures > 0 ? 'lost' : end;
}

export async function forgetTiles(): Promise<void> {
  await caches.delete(CACHE);
}

async function store(cache: Cache, address: string): Promise<number> {
  // With CORS: in an opaque response a tile cannot be distinguished from an error page, and browsers count it as megabytes.
  const response = await fetch(address, { mode: 'cors', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(LIMIT_MILLISECONDS) });
  const picture = await response.blob();
  if (!response.ok || !picture.type.startsWith('image/')) return 0;
  await cache.put(address, new Response(picture, { headers: { 'Content-Type': picture.type } }));
  return picture.size;
}

async function isReachable(address: string): Promise<boolean> {
  return fetch(address, { mode: 'no-cors', credentials: 'omit', signal: AbortSignal.timeout(LIMIT_MILLISECONDS) }).then(
    () => true,
    () => false,
  );
}

/** Tiles that the commune has a part in; null when there are more than `most`. */
function tilesOver(border: Border, zoom: number, most: number): [number, number][] | null {
  const points = border.polygons.flat(2);
  const [lons, lats] = [points.map(([lon]) => lon), points.map(([, lat]) => lat)];
  const [west, north] = tileAt(Math.min(...lons), Math.max(...lats), zoom);
  const [east, south] = tileAt(Math.max(...lons), Math.min(...lats), zoom);
  const onTheLine = new Set(points.map(([lon, lat]) => tileAt(lon, lat, zoom).join('/')));
  const found: [number, number][] = [];
  for (let x = west; x <= east; x++) {
    for (let y = north; y <= south; y++) {
      const inside = onTheLine.has(`${x}/${y}`) || [0.05, 0.5, 0.95].some((across) => [0.05, 0.5, 0.95].some((down) => border.polygons.some(([shell]) => shell && contains(shell, positionOf(x + across, y + down, zoom)))));
      if (inside) found.push([x, y]);
      if (found.length > most) return null;
    }
  }
  return found;
}

function tilesAround(positions: readonly LonLat[], zoom: number): [number, number][] {
  const found = new Map<string, [number, number]>();
  for (const [lon, lat] of positions) {
    const [west, north] = tileAt(lon - MARGIN_DEGREES, lat + MARGIN_DEGREES, zoom);
    const [east, south] = tileAt(lon + MARGIN_DEGREES, lat - MARGIN_DEGREES, zoom);
    for (let x = west; x <= east; x++) for (let y = north; y <= south; y++) found.set(`${x}/${y}`, [x, y]);
  }
  return [...found.values()];
}

/** The tile of the web map's grid that holds a position. */
export function tileAt(lon: number, lat: number, zoom: number): [number, number] {
  const count = 2 ** zoom;
  const phi = (lat * Math.PI) / 180;
  const y = (1 - Math.log(Math.tan(phi) + 1 / Math.cos(phi)) / Math.PI) / 2;
  return [Math.floor(((lon + 180) / 360) * count), Math.floor(y * count)];
}

/** Where a position lies in the grid, in tiles from its north-western corner. */
function positionOf(x: number, y: number, zoom: number): LonLat {
  const count = 2 ** zoom;
  return [(x / count) * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / count))) * 180) / Math.PI];
}
