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

/** The items of an object that the register sets, and those of the sections and lists inside it, as the form's definition names them. */
export interface RegisterGiven {
  names: readonly string[];
  inside: Readonly<Record<string, RegisterGiven>>;
}

/** `record` without the items that the register sets: what the officer entered. Two records that differ only in those are the same. */
export function contentOf(record: JsonObject, given: RegisterGiven): JsonObject {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => name !== MASKED && !given.names.includes(name))
      .map(([name, value]) => [name, Object.hasOwn(given.inside, name) ? contentInside(value, given.inside[name]!) : value]),
  );
}

function contentInside(value: Json, given: RegisterGiven): Json {
  if (Array.isArray(value)) return value.map((each) => contentInside(each, given));
  return isObject(value) ? contentOf(value, given) : value;
}

/** Whether two JSON values are equal; the order of an object's names does not matter. */
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

/** The phone's mark on a record that the register masked. It is stored with the copy; no item of the schema has this name. */
const MASKED = '@masked';

/** The record with the mark that the register masked it. */
export function masked(record: Household): Household {
  return { ...record, [MASKED]: true };
}

/** Whether the register showed the account that fetched this copy only a part of the people in it. The register states this; it cannot be guessed from a value, since a name can be "N. An". */
export function isMasked(household: Household): boolean {
  return household[MASKED] === true;
}
