// Short lists: what the items beside a list state of an only element (`shorthand` in form.json), and a list of several in their place.
import { isObject, listAt, type Json, type JsonObject } from '../record/household';
import { isEmpty } from './check';
import type { Item, ListItem } from './definition';

/** Values by the names of items of the object that holds the list; undefined removes one. */
export type Changes = Record<string, Json | undefined>;

export function listed(list: ListItem, owner: JsonObject): JsonObject[] {
  const value = owner[list.name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The elements of the list; where it has none, the one that the items beside it state. A number beside the list is the sum, and says nothing of one element. */
export function stated(list: ListItem, owner: JsonObject): JsonObject[] {
  if (!isEmpty(owner[list.name])) return listed(list, owner);
  const only = Object.fromEntries(pairs(list).flatMap(([name, beside]) => (isEmpty(owner[beside]) ? [] : [[name, owner[beside]!]])));
  return isEmpty(only) ? [] : [only];
}

/** Names of the items beside the list that say nothing of their own while it has elements. */
export function replacedBy(list: ListItem): string[] {
  return pairs(list).map(([, beside]) => beside);
}

/** Whether an item is left to a list beside it. */
export function isReplaced(items: readonly Item[], name: string, owner: JsonObject): boolean {
  return items.some((item) => item.kind === 'list' && item.shorthand !== null && !isEmpty(owner[item.name]) && replacedBy(item).includes(name));
}

/** One element more: the first one added makes a list of what the items beside it stated. */
export function withOneMore(list: ListItem, owner: JsonObject): Changes {
  const [first = {}, ...others] = stated(list, owner);
  return { [list.name]: [first, ...others, {}], ...cleared(list) };
}

/** One element less: the last one left is stated by the items beside the list again. */
export function withOneLess(list: ListItem, owner: JsonObject, index: number): Changes {
  const rest = listed(list, owner).filter((_, at) => at !== index);
  if (rest.length > 1) return { [list.name]: rest, ...cleared(list) };
  const [only = {}] = rest;
  const sum = sumPair(list);
  return {
    [list.name]: undefined,
    ...Object.fromEntries(pairs(list).map(([name, beside]) => [beside, only[name]])),
    ...(sum && isEmpty(owner[sum[1]]) ? { [sum[1]]: only[sum[0]] } : {}),
  };
}

/** The items beside the list without what they state: while the list has elements, it decides. */
export function cleared(list: ListItem): Changes {
  return Object.fromEntries(replacedBy(list).map((name) => [name, undefined]));
}

export interface Sum {
  /** The name of the number that is added up. */
  name: string;
  sum: number;
  /** The sum of the elements, where it is known. */
  whole: number | null;
  /** What is left for the only element without a number; null where that is not one, or nothing is left. */
  rest: number | null;
  differs: boolean;
}

/** How the numbers of the elements add up; null for a list without such a number. */
export function sumOf(list: ListItem, owner: JsonObject): Sum | null {
  const pair = sumPair(list);
  if (!pair) return null;
  const [name, beside] = pair;
  const values = listed(list, owner).map((element) => element[name]);
  const numbers = values.filter((value) => typeof value === 'number');
  const sum = rounded(numbers.reduce((total, value) => total + value, 0));
  const whole = typeof owner[beside] === 'number' ? owner[beside] : null;
  const left = whole === null ? 0 : rounded(whole - sum);
  const allowed = Math.max(list.sumTolerance.least, (whole ?? 0) * list.sumTolerance.share);
  const lacking = values.filter(isEmpty).length;
  const complete = numbers.length === values.length;
  return {
    name,
    sum,
    whole,
    rest: left > 0 && lacking === 1 && numbers.length === values.length - 1 ? left : null,
    differs: whole !== null && numbers.length > 0 && (left < -allowed || (complete && left > allowed)),
  };
}

function pairs(list: ListItem): [string, string][] {
  return Object.entries(list.shorthand ?? {}).filter(([name]) => !isNumber(list, name));
}

function sumPair(list: ListItem): [string, string] | undefined {
  return Object.entries(list.shorthand ?? {}).find(([name]) => isNumber(list, name));
}

function isNumber(list: ListItem, name: string): boolean {
  return list.items.some((item) => item.name === name && item.kind === 'number');
}

/** The area on paper of a parcel: as declared, or else what its uses add up to; null where that is not known. */
export function declaredArea(parcel: JsonObject): number | null {
  const declared = parcel['declared_area_m2'];
  if (typeof declared === 'number') return declared;
  const areas = listAt(parcel, 'land_uses').map((use) => use['area_m2']);
  const known = areas.filter((area) => typeof area === 'number');
  return areas.length > 0 && known.length === areas.length ? rounded(known.reduce((sum, area) => sum + area, 0)) : null;
}

/** Rounds away the error of adding decimals (0.1 + 0.2). */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
