// The communes of the province, those in force and those of before July 2025, for choosing by name.
import { isObject, textAt, type JsonObject } from '../record/household';
import { ResponseLost, call } from './register';

export interface Unit {
  code: string;
  name: string;
  kind: string;
  /** The first day on which the code meant this commune, as it is; '' where none is known. */
  validFrom: string;
  /** The communes that it, or a part of it, became part of, for former ones. */
  successors: string[];
  /** A position inside it, for the map to open at; NaN where the register has none. */
  longitude: number;
  latitude: number;
}

export interface UnitLists {
  now: Unit[];
  former: Unit[];
  /** The day of the current list at the register, as of which its codes are read. */
  on: string;
  /** Communes of lists that the phone had before, and that the list of now has no more: drafts can still mean them. */
  past?: Unit[];
}

/** The day of the list of former communes. */
export const LAST_DAY_OF_DISTRICTS = '2025-06-30';

/** A newer list, with what the phone knows of the communes before. */
export function withPast(newer: UnitLists, before: UnitLists): UnitLists {
  const same = (one: Unit) => (other: Unit) => one.code === other.code && one.validFrom === other.validFrom;
  const gone = [...(before.past ?? []), ...before.now].filter((unit, position, all) => !newer.now.some(same(unit)) && all.findIndex(same(unit)) === position);
  return { ...newer, past: gone };
}

/** Both lists, or null when the register does not respond with them. */
export async function fetchUnits(): Promise<UnitLists | null> {
  try {
    const [now, former] = await Promise.all([fetchAll(''), fetchAll(`&valid_on=${LAST_DAY_OF_DISTRICTS}`)]);
    return now && former ? { now: now.units, former: former.units, on: now.on } : null;
  } catch (error) {
    // Without signal the lists on the phone serve; where there are none, the list of households says so.
    if (error instanceof ResponseLost) return null;
    throw error;
  }
}

async function fetchAll(query: string): Promise<{ units: Unit[]; on: string } | null> {
  const { status, body } = await call(`/v1/units?level=commune${query}`);
  const rows = isObject(body) ? body['items'] : null;
  if (status !== 200 || !Array.isArray(rows)) return null;
  return { units: rows.filter(isObject).map(unitOf), on: isObject(body) ? textAt(body, 'valid_on') : '' };
}

function unitOf(row: JsonObject): Unit {
  return {
    code: textAt(row, 'code'),
    name: textAt(row, 'name'),
    kind: textAt(row, 'kind'),
    validFrom: textAt(row, 'valid_from'),
    successors: Array.isArray(row['successors']) ? row['successors'].map(String) : [],
    longitude: Number(row['longitude'] ?? Number.NaN),
    latitude: Number(row['latitude'] ?? Number.NaN),
  };
}
