// Merging two versions of a household by the one that both were made from: a person is asked only where both changed the same item.
import { isEmpty } from '../definition/check';
import type { Definition, Item, ListItem, SectionItem } from '../definition/definition';
import { join } from '../definition/pointer';
import { replacedBy, stated } from '../definition/short-list';
import { normalize } from '../search/fold';
import { contentOf, isObject, type Household, type Json, type JsonObject } from '../record/household';

export type Side = 'mine' | 'theirs';

/** An item that both changed. */
export interface Difference {
  /** Where it is: names, and inside a list with identifiers the element's own, so that it means the same place in every version. */
  pointer: string;
  /** The list for an element that one side removed and the other changed; null where this form does not know the item. */
  item: Item | null;
  /** The section, or the element of a list, that it stands in; null for the record. */
  within: { item: SectionItem | ListItem; element: JsonObject } | null;
  mine: Json | undefined;
  theirs: Json | undefined;
  /** The values around it on either side. */
  beside: Record<Side, JsonObject>;
  /** What the form proposes: mine, but never nothing in the place of something. */
  proposed: Side;
}

export interface Versions {
  /** What both were made from; null where the phone does not have it, and then every difference is asked about. */
  base: Household | null;
  mine: Household;
  theirs: Household;
}

/** The household that the versions make together, by the choices by pointer and else as proposed, and what is to be asked. */
export function merge(definition: Definition, { base, mine, theirs }: Versions, chosen: Readonly<Record<string, Side>> = {}): { content: Household; asked: Difference[] } {
  const asked: Difference[] = [];
  const content = (record: Household): JsonObject => contentOf(record, definition.registerGiven);
  const merger = new Merger(chosen, asked);
  const items = definition.steps.flatMap((step) => step.items);
  return { content: merger.object(items, base && content(base), content(mine), content(theirs), { pointer: '', within: null, filledIn: definition.filledIn }), asked };
}

interface Context {
  pointer: string;
  within: Difference['within'];
  /** Names of items that no form asks for. They are no choice of a person: the register's value stands, unless it describes one that is. */
  filledIn: readonly string[];
}

class Merger {
  readonly #chosen: Readonly<Record<string, Side>>;
  readonly #asked: Difference[];

  constructor(chosen: Readonly<Record<string, Side>>, asked: Difference[]) {
    this.#chosen = chosen;
    this.#asked = asked;
  }

  object(items: readonly Item[], base: JsonObject | null, mine: JsonObject, theirs: JsonObject, context: Context): JsonObject {
    const known = new Map(items.map((item) => [item.name, item]));
    const names = new Set([...known.keys(), ...Object.keys(theirs), ...Object.keys(mine)]);
    const result: JsonObject = {};
    const taken = new Map<string, Side>();
    const take = (name: string, value: Json | undefined): void => {
      if (value !== undefined) result[name] = value;
    };
    for (const item of items) {
      const { name: lead, takenWith: companions } = item;
      if (companions.length === 0 || !names.has(lead)) continue;
      const side = this.#side(item, lead, base, mine, theirs, context);
      if (!same(mine[lead], theirs[lead])) for (const name of [lead, ...companions]) taken.set(name, side);
      else for (const name of companions) if (context.filledIn.includes(name)) taken.set(name, base !== null && same(base[name], theirs[name]) ? 'mine' : 'theirs');
    }
    for (const list of items) {
      if (list.kind !== 'list' || !isListed(list, [base ?? {}, mine, theirs])) continue;
      const side = this.#statedSide(list, base, mine, theirs, context);
      for (const name of [list.name, ...replacedBy(list)]) taken.set(name, side);
    }
    for (const name of names) {
      const item = known.get(name) ?? null;
      const inner: Context = { pointer: join(context.pointer, name), within: null, filledIn: [] };
      const side = taken.get(name);
      if (side) take(name, (side === 'mine' ? mine : theirs)[name]);
      else if (name === 'id') take(name, theirs[name] ?? mine[name]);
      else if (context.filledIn.includes(name)) take(name, theirs[name]);
      else if (item?.kind === 'section') take(name, this.#section(item, base && objectOf(base[name]), mine[name], theirs[name], inner));
      else if (item?.kind === 'list' && base !== null) take(name, this.#list(item, name, base, mine, theirs, context));
      else take(name, (this.#side(item, name, base, mine, theirs, context) === 'mine' ? mine : theirs)[name]);
    }
    return result;
  }

  #section(item: SectionItem, base: JsonObject | null, mine: Json | undefined, theirs: Json | undefined, context: Context): JsonObject | undefined {
    if (mine === undefined && theirs === undefined) return undefined;
    const element = objectOf(theirs);
    return this.object(item.items, base, objectOf(mine), element, { ...context, within: { item, element } });
  }

  /** The side that an item is taken from: that which changed it, or where both did, the one that is chosen. */
  #side(item: Item | null, name: string, base: JsonObject | null, mine: JsonObject, theirs: JsonObject, context: Context): Side {
    const [own, other] = [mine[name], theirs[name]];
    if (same(own, other)) return 'theirs';
    if (base !== null && same(base[name], own)) return 'theirs';
    if (base !== null && same(base[name], other)) return 'mine';
    return this.#ask({ pointer: join(context.pointer, name), item, within: context.within, mine: own, theirs: other, beside: { mine, theirs }, proposed: isEmpty(own) ? 'theirs' : 'mine' });
  }

  /** The side that a short list is taken from, together with the items beside it that state an only element. */
  #statedSide(list: ListItem, base: JsonObject | null, mine: JsonObject, theirs: JsonObject, context: Context): Side {
    const wholly = (owner: JsonObject): JsonObject => ({ [list.name]: stated(list, owner) });
    return this.#side(list, list.name, base && wholly(base), wholly(mine), wholly(theirs), context);
  }

  #ask(difference: Difference): Side {
    this.#asked.push(difference);
    return this.#chosen[difference.pointer] ?? difference.proposed;
  }

  #list(item: ListItem, name: string, base: JsonObject, mine: JsonObject, theirs: JsonObject, context: Context): Json[] | undefined {
    const lists = [base, mine, theirs].map((record) => listOf(record[name])) as [Json[], Json[], Json[]];
    if (lists.every((list) => list.length === 0)) return undefined;
    const identifier = item.identifier;
    if (identifier !== null && lists.every((list) => list.every((each) => isObject(each) && typeof each[identifier] === 'string'))) {
      return this.#elements(item, identifier, lists as [JsonObject[], JsonObject[], JsonObject[]], { ...context, pointer: join(context.pointer, name) });
    }
    const united = union(item, ...lists);
    return united ?? listOf((this.#side(item, name, base, mine, theirs, context) === 'mine' ? mine : theirs)[name]);
  }

  /** Elements with identifiers, each merged with itself. */
  #elements(item: ListItem, identifier: string, [base, mine, theirs]: [JsonObject[], JsonObject[], JsonObject[]], context: Context): JsonObject[] {
    const [before, own, other] = [base, mine, theirs].map((list) => new Map(list.map((each) => [each[identifier] as string, each])));
    const identifiers = new Set([...other!.keys(), ...own!.keys()]);
    return [...identifiers].flatMap((id): JsonObject[] => {
      const [b, m, t] = [before!.get(id), own!.get(id), other!.get(id)];
      const pointer = join(context.pointer, id);
      if (m && t) return [this.object(item.items, b ?? null, m, t, { pointer, within: { item, element: t }, filledIn: [] })];
      const there = (m ?? t)!;
      if (b === undefined) return [there];
      // One side removed it: that stands unless the other changed it.
      if (same(b, there)) return [];
      const side = this.#ask({ pointer, item, within: context.within, mine: m && [m], theirs: t && [t], beside: { mine: {}, theirs: {} }, proposed: m ? 'mine' : 'theirs' });
      return (side === 'mine') === (m !== undefined) ? [there] : [];
    });
  }
}

/** A list whose elements have no identifiers, with what both added and without what either removed; null where both changed the same element, or added one about the same thing. */
function union(item: ListItem, base: readonly Json[], mine: readonly Json[], theirs: readonly Json[]): Json[] | null {
  const [own, other] = [change(base, mine), change(base, theirs)];
  const both = [...own.removed].filter((each) => other.removed.has(each));
  const alike = sameKeys(own.added, other.added) && sameKeys(own.removed, other.removed);
  if (both.length > 0 && !alike && (own.added.size > 0 || other.added.size > 0)) return null;
  const aboutOthers = new Set(difference(other.added, own.added).map((key) => aboutOf(item, key)));
  if (difference(own.added, other.added).some((key) => aboutOthers.has(aboutOf(item, key)))) return null;
  const present = new Set(theirs.map(keyOf));
  return [...theirs.filter((each) => !own.removed.has(keyOf(each))), ...mine.filter((each) => own.added.has(keyOf(each)) && !present.has(keyOf(each)))];
}

function change(before: readonly Json[], after: readonly Json[]): { removed: Set<string>; added: Set<string> } {
  const [old, now] = [before.map(keyOf), after.map(keyOf)];
  return { removed: new Set(old.filter((each) => !now.includes(each))), added: new Set(now.filter((each) => !old.includes(each))) };
}

function difference(one: ReadonlySet<string>, other: ReadonlySet<string>): string[] {
  return [...one].filter((each) => !other.has(each));
}

/** What an element is about, by its choices: twelve hens and ten hens are about hens. An element without choices is about itself. */
function aboutOf(item: ListItem, key: string): string {
  const element = objectOf(JSON.parse(key) as Json);
  const choices = item.items.filter(({ kind, name }) => kind === 'choice' && !isEmpty(element[name]));
  return choices.length === 0 ? key : JSON.stringify(choices.map(({ name }) => [name, element[name]]));
}

function sameKeys(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}

function same(one: Json | undefined, other: Json | undefined): boolean {
  return keyOf(one) === keyOf(other);
}

/** One text for all ways of writing a value: what is empty is left out, names are in order, and +84… and 0… are one phone number. */
function keyOf(value: Json | undefined): string {
  return JSON.stringify(plain(value)) ?? '';
}

function plain(value: Json | undefined): Json | undefined {
  if (isEmpty(value)) return undefined;
  if (typeof value === 'string') return normalize(value).replace(/^\+84(?=[35789]\d{8}$)/, '0');
  // A choice of codes has no order.
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string') ? [...value].sort() : value.map((each) => plain(each) ?? null);
  if (isObject(value)) return Object.fromEntries(Object.keys(value).sort().flatMap((name) => (isEmpty(value[name]) ? [] : [[name, plain(value[name])!]])));
  return value;
}

/** Whether a short list has elements in one of the versions: else each item beside it is merged by itself. */
function isListed(list: ListItem, versions: readonly JsonObject[]): boolean {
  return list.shorthand !== null && versions.some((each) => !isEmpty(each[list.name]));
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
