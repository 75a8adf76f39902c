// The province that the register serves, as its settings describe it.
import { isObject, textAt, type JsonObject } from '../record/household';
import type { LonLat, Zone } from '../geometry/vn2000';
import type { Words } from './definition';

export interface Province {
  code: string;
  name: Words;
  /** Identifier of the agency that makes the records. */
  agency: string;
  /** Where a map opens when no better place is known. */
  centre: LonLat;
  /** The zones that sheets come in, the province's own first. */
  zones: Zone[];
}

/** The province in the register's settings, or null where they have none that can be read. */
export function readProvince(given: unknown): Province | null {
  if (!isObject(given) || !isObject(given['name'])) return null;
  const centre = given['centre'];
  if (!Array.isArray(centre) || !centre.every((each) => typeof each === 'number') || centre.length !== 2) return null;
  const zones = Array.isArray(given['zones']) ? given['zones'].filter(isObject).map(zone) : [];
  if (zones.length === 0) return null;
  const name = { vi: textAt(given['name'], 'vi'), en: textAt(given['name'], 'en') };
  return { code: textAt(given, 'code'), name, agency: textAt(given, 'agency'), centre: centre as LonLat, zones };
}

function zone(row: JsonObject): Zone {
  return { code: textAt(row, 'code'), name: textAt(row, 'name'), meridian: Number(row['central_meridian']), scale: Number(row['scale']) };
}
