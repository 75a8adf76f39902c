// VN-2000, the coordinates of survey sheets, to and from WGS 84 by operation EPSG:6960. The register's settings list the zones.

const A = 6378137;
const F = 1 / 298.257223563;
const E2 = F * (2 - F);
const SECOND_E2 = E2 / (1 - E2);
const FALSE_EAST = 500_000;

/** EPSG:6960, coordinate frame rotation: metres, arc seconds, parts per million. */
const SHIFT = {
  x: -191.90441429, y: -39.30318279, z: -111.45032835,
  rx: -0.00928836, ry: 0.01975479, rz: -0.00427372,
  ppm: 0.252906278,
};
const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const degrees = (angle: number): number => (angle * 180) / Math.PI;
const seconds = (angle: number): number => radians(angle / 3600);

export type LonLat = [longitude: number, latitude: number];
/** A projection that sheets come in. */
export interface Zone {
  /** Its EPSG code, "EPSG:5897". */
  code: string;
  /** "VN-2000 / TM-3 105°00′". */
  name: string;
  /** Central meridian in degrees. */
  meridian: number;
  /** Scale on it. */
  scale: number;
}
export interface Grid {
  /** Metres east; official sheets call it Y. */
  east: number;
  /** Metres north; official sheets call it X. */
  north: number;
}

/** Length of the meridian from the equator, and its coefficients (Snyder 1987, formula 3-21). */
function meridianArc(latitude: number): number {
  const e4 = E2 * E2;
  const e6 = e4 * E2;
  return (
    A *
    ((1 - E2 / 4 - (3 * e4) / 64 - (5 * e6) / 256) * latitude -
      ((3 * E2) / 8 + (3 * e4) / 32 + (45 * e6) / 1024) * Math.sin(2 * latitude) +
      ((15 * e4) / 256 + (45 * e6) / 1024) * Math.sin(4 * latitude) -
      ((35 * e6) / 3072) * Math.sin(6 * latitude))
  );
}

/** Transverse Mercator, inverse (Snyder 1987, formulas 8-17 to 8-25). */
function unproject({ east, north }: Grid, { meridian, scale }: Zone): LonLat {
  const e4 = E2 * E2;
  const e6 = e4 * E2;
  const mu = north / scale / (A * (1 - E2 / 4 - (3 * e4) / 64 - (5 * e6) / 256));
  const e1 = (1 - Math.sqrt(1 - E2)) / (1 + Math.sqrt(1 - E2));
  const foot =
    mu +
    ((3 * e1) / 2 - (27 * e1 ** 3) / 32) * Math.sin(2 * mu) +
    ((21 * e1 ** 2) / 16 - (55 * e1 ** 4) / 32) * Math.sin(4 * mu) +
    ((151 * e1 ** 3) / 96) * Math.sin(6 * mu) +
    ((1097 * e1 ** 4) / 512) * Math.sin(8 * mu);
  const sine = Math.sin(foot);
  const t = Math.tan(foot) ** 2;
  const c = SECOND_E2 * Math.cos(foot) ** 2;
  const n = A / Math.sqrt(1 - E2 * sine * sine);
  const r = (A * (1 - E2)) / (1 - E2 * sine * sine) ** 1.5;
  const d = (east - FALSE_EAST) / (n * scale);
  const latitude =
    foot -
    ((n * Math.tan(foot)) / r) *
      (d ** 2 / 2 -
        ((5 + 3 * t + 10 * c - 4 * c ** 2 - 9 * SECOND_E2) * d ** 4) / 24 +
        ((61 + 90 * t + 298 * c + 45 * t ** 2 - 252 * SECOND_E2 - 3 * c ** 2) * d ** 6) / 720);
  const longitude =
    (d - ((1 + 2 * t + c) * d ** 3) / 6 + ((5 - 2 * c + 28 * t - 3 * c ** 2 + 8 * SECOND_E2 + 24 * t ** 2) * d ** 5) / 120) /
    Math.cos(foot);
  return [meridian + degrees(longitude), degrees(latitude)];
}

/** Transverse Mercator, forward (Snyder 1987, formulas 8-9 to 8-15). */
function project([longitude, latitude]: LonLat, { meridian, scale }: Zone): Grid {
  const phi = radians(latitude);
  const sine = Math.sin(phi);
  const n = A / Math.sqrt(1 - E2 * sine * sine);
  const t = Math.tan(phi) ** 2;
  const c = SECOND_E2 * Math.cos(phi) ** 2;
  const a = radians(longitude - meridian) * Math.cos(phi);
  const east =
    scale * n * (a + ((1 - t + c) * a ** 3) / 6 + ((5 - 18 * t + t ** 2 + 72 * c - 58 * SECOND_E2) * a ** 5) / 120) + FALSE_EAST;
  const north =
    scale *
    (meridianArc(phi) +
      n *
        Math.tan(phi) *
        (a ** 2 / 2 + ((5 - t + 9 * c + 4 * c ** 2) * a ** 4) / 24 + ((61 - 58 * t + t ** 2 + 600 * c - 330 * SECOND_E2) * a ** 6) / 720));
  return { east, north };
}

type Space = [number, number, number];

function toSpace([longitude, latitude]: LonLat): Space {
  const phi = radians(latitude);
  const lambda = radians(longitude);
  const n = A / Math.sqrt(1 - E2 * Math.sin(phi) ** 2);
  return [n * Math.cos(phi) * Math.cos(lambda), n * Math.cos(phi) * Math.sin(lambda), n * (1 - E2) * Math.sin(phi)];
}

function fromSpace([x, y, z]: Space): LonLat {
  const across = Math.hypot(x, y);
  let phi = Math.atan2(z, across * (1 - E2));
  for (let round = 0; round < 5; round++) {
    const n = A / Math.sqrt(1 - E2 * Math.sin(phi) ** 2);
    phi = Math.atan2(z + E2 * n * Math.sin(phi), across);
  }
  return [degrees(Math.atan2(y, x)), degrees(phi)];
}

/** Coordinate frame rotation (EPSG method 1032), or its reversal. */
function shift([x, y, z]: Space, direction: 1 | -1): Space {
  const m = 1 + (direction * SHIFT.ppm) / 1e6;
  const rx = direction * seconds(SHIFT.rx);
  const ry = direction * seconds(SHIFT.ry);
  const rz = direction * seconds(SHIFT.rz);
  return [
    m * (x + rz * y - ry * z) + direction * SHIFT.x,
    m * (-rz * x + y + rx * z) + direction * SHIFT.y,
    m * (ry * x - rx * y + z) + direction * SHIFT.z,
  ];
}

/** A point of a survey sheet as WGS 84 longitude and latitude. */
export function fromGrid(grid: Grid, zone: Zone): LonLat {
  return fromSpace(shift(toSpace(unproject(grid, zone)), 1));
}

/** A WGS 84 position as a point of a survey sheet. */
export function toGrid(position: LonLat, zone: Zone): Grid {
  return project(fromSpace(shift(toSpace(position), -1)), zone);
}
