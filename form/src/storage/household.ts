// The types of what the register exchanges with the form: a household as JSON, and the register's problems (RFC 9457).

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** A household in its JSON form. Only the names that the form itself relies on are typed; the rest comes from the schema. */
export type Household = JsonObject;

export interface ItemProblem {
  /** JSON pointer of the item, e.g. `/members/1/sex`. */
  pointer: string;
  code: string;
  message: string;
}

export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  errors: ItemProblem[];
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object at `name` of `record`, or an empty one. */
export function objectAt(record: JsonObject, name: string): JsonObject {
  const value = record[name];
  return isObject(value) ? value : {};
}

/** The text at `name` of `record`, or ''. */
export function textAt(record: JsonObject, name: string): string {
  const value = record[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function listAt(record: JsonObject, name: string): JsonObject[] {
  const value = record[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Items that the register gives; a request's are read past, and two records that differ only in them are the same. */
export const REGISTER_GIVEN = [
  'status', 'stage', 'missing', 'findings', 'revision', 'created_at', 'updated_at', 'schema_version', 'derived', 'status_reason',
] as const;

/** `household` without the items that the register gives: what the officer says. */
export function contentOf(household: Household): Household {
  const content: Household = {};
  for (const [name, value] of Object.entries(household)) {
    if (!(REGISTER_GIVEN as readonly string[]).includes(name)) content[name] = value;
  }
  const parcels = content['parcels'];
  if (Array.isArray(parcels)) {
    content['parcels'] = parcels.map((parcel) => {
      if (!isObject(parcel)) return parcel;
      const { measured_area_m2: _measured, original_geometry: _original, ...rest } = parcel;
      return rest;
    });
  }
  return content;
}

/** Whether two JSON values say the same; the order of an object's names does not matter. */
export function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((value, index) => sameJson(value, right[index]));
  }
  if (isObject(left) && isObject(right)) {
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...names].every((name) => sameJson(left[name], right[name]));
  }
  return false;
}
