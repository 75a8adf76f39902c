// Where two versions of a household differ, item by item, and the version that a person's choices make of them.
import { isEmpty } from '../definition/check';
import type { Definition, Item } from '../definition/definition';
import { join, valueAt, withValue } from '../definition/pointer';
import { normalize } from '../search/fold';
import { contentOf, isObject, sameJson, type Household, type Json, type JsonObject } from '../storage/household';

export type Side = 'mine' | 'theirs';

export interface Difference {
  pointer: string;
  item: Item | null;
  mine: Json | undefined;
  theirs: Json | undefined;
  /** What the form proposes: mine, but never nothing in the place of something. */
  proposed: Side;
}

/** The items that differ: those of sections one by one, a list as a whole. Items that this form does not know count too. */
export function differences(definition: Definition, mine: Household, theirs: Household): Difference[] {
  const items = definition.steps.flatMap((step) => step.items);
  // An item that no form asks for is no choice of a person: the register's value stands.
  const [own, other] = [contentOf(mine, definition.registerGiven), contentOf(theirs, definition.registerGiven)];
  return compare(items, own, other, '').filter(({ pointer }) => !definition.filledIn.includes(pointer.slice(1)));
}

function compare(items: readonly Item[], mine: JsonObject, theirs: JsonObject, pointer: string): Difference[] {
  const known = new Map(items.map((item) => [item.name, item]));
  const names = new Set([...known.keys(), ...Object.keys(mine), ...Object.keys(theirs)]);
  return [...names].flatMap((name): Difference[] => {
    const item = known.get(name) ?? null;
    const [own, other] = [mine[name], theirs[name]];
    if (name === 'id' || same(own, other)) return [];
    const place = join(pointer, name);
    if (item?.kind === 'section') {
      return compare(item.items, isObject(own) ? own : {}, isObject(other) ? other : {}, place);
    }
    return [{ pointer: place, item, mine: own, theirs: other, proposed: isEmpty(own) ? 'theirs' : 'mine' }];
  });
}

function same(mine: Json | undefined, theirs: Json | undefined): boolean {
  return (isEmpty(mine) && isEmpty(theirs)) || sameJson(alike(mine), alike(theirs));
}

/** One way of writing a phone number, so that +84… and 0… are no difference. */
function alike(value: Json | undefined): Json | undefined {
  return typeof value === 'string' ? normalize(value).replace(/^\+84(?=[35789]\d{8}$)/, '0') : value;
}

/** The register's version with mine in the places where a person chose mine. */
export function merged(definition: Definition, mine: Household, theirs: Household, chosen: readonly { pointer: string; side: Side }[]): Household {
  let result = contentOf(theirs, definition.registerGiven);
  for (const { pointer, side } of chosen) {
    if (side === 'mine') result = withValue(result, pointer, valueAt(mine, pointer));
  }
  return result;
}
