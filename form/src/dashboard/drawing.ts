// The coverage map as plain values: which class a share falls into, and units as paths of an SVG.
import { isObject, type JsonObject } from '../record/household';

export interface Shape {
  unit: string;
  row: JsonObject;
  /** Path data in the drawing's own units. */
  path: string;
  /** The middle of its box: where arrow keys find it. */
  x: number;
  y: number;
}

export interface Drawing {
  width: number;
  height: number;
  shapes: Shape[];
}

export const WIDTH = 1000;
const EDGE = 8;
/** Lower bounds of the classes in per cent. */
export const CLASSES = [0, 20, 40, 60, 80] as const;

/** Which class a share falls into; null without a baseline. */
export function classOf(share: number | null): number | null {
  return share === null ? null : CLASSES.filter((least) => share >= least).length - 1;
}

type Position = [number, number];

/** The units of a coverage map that have a border; null when none has. */
export function drawing(body: unknown): Drawing | null {
  if (!isObject(body) || !Array.isArray(body['features'])) return null;
  const units = body['features'].filter(isObject).flatMap((feature) => {
    const { geometry, properties } = feature;
    if (!isObject(geometry) || !isObject(properties) || !Array.isArray(geometry['coordinates'])) return [];
    const polygons = (geometry['type'] === 'MultiPolygon' ? geometry['coordinates'] : [geometry['coordinates']]) as Position[][][];
    return [{ row: properties, rings: polygons.flat() }];
  });
  if (units.length === 0) return null;
  const all = units.flatMap(({ rings }) => rings.flat());
  // Not spread into Math.min: thousands of arguments are too many for some phones.
  const span = (axis: 0 | 1): [number, number] => all.reduce(([least, most], position) => [Math.min(least, position[axis]), Math.max(most, position[axis])], [Infinity, -Infinity]);
  const [west, east] = span(0);
  const [south, north] = span(1);
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = (WIDTH - 2 * EDGE) / ((east - west) * narrow);
  const flat = ([lon, lat]: Position): Position => [EDGE + (lon - west) * narrow * scale, EDGE + (north - lat) * scale];
  const shapes = units.map(({ row, rings }) => {
    const drawn = rings.map((ring) => ring.slice(0, -1).map(flat));
    const xs = drawn.flat().map(([x]) => x);
    const ys = drawn.flat().map(([, y]) => y);
    return {
      unit: String(row['unit']),
      row,
      path: drawn.map((ring) => `M${ring.map((position) => position.map((value) => value.toFixed(1)).join(' ')).join('L')}Z`).join(''),
      x: (Math.min(...xs) + Math.max(...xs)) / 2,
      y: (Math.min(...ys) + Math.max(...ys)) / 2,
    };
  });
  return { width: WIDTH, height: Math.ceil(2 * EDGE + (north - south) * scale), shapes };
}

const DIRECTIONS: Record<string, Position> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The unit that an arrow key leads to from another; the first one where none was chosen; null for other keys. */
export function neighbourOf(shapes: readonly Shape[], from: string | null, key: string): Shape | null {
  const direction = DIRECTIONS[key];
  if (!direction) return null;
  const here = shapes.find(({ unit }) => unit === from);
  if (!here) return shapes[0] ?? null;
  let best: Shape | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const shape of shapes) {
    const [dx, dy] = [shape.x - here.x, shape.y - here.y];
    const ahead = dx * direction[0] + dy * direction[1];
    const aside = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
    // What lies more aside than ahead belongs to another key.
    if (ahead <= 0 || aside > ahead * 1.5) continue;
    const cost = ahead + 2 * aside;
    if (cost < least) [least, best] = [cost, shape];
  }
  return best ?? here;
}
