// How the definition becomes screens: one question group a screen, lists as cards, a card a screen of its own.
import { isObject, type JsonObject } from '../record/household';
import type { Definition, GeometryItem, Item, ListItem, SectionItem, Words } from './definition';
import { join, parts, valueAt } from './pointer';

/** A screen of the wizard: items of the record itself, or of one section, or the cards of one list. */
export interface Screen {
  step: string;
  title: Words;
  hint: Words;
  /** Pointer of the object that holds the items: '' for the record. */
  pointer: string;
  items: Item[];
  /** Whether its groups are a list to open, each on a screen of its own. */
  hub: boolean;
}

/** From this many groups on, a step shows them as a list to open instead of one screen after another. */
const MANY_GROUPS = 4;

/** The wizard's screens in order. A section has its own; lists and plain items of a step share one; many groups become a list to open. */
export function screensOf(definition: Definition): Screen[] {
  return definition.steps.flatMap((step): Screen[] => {
    const base = { step: step.name, hint: NO_HINT, pointer: '', hub: false };
    if (step.items.filter(isGroup).length >= MANY_GROUPS) return [{ ...base, title: step.label, items: step.items, hub: true }];
    const sections = step.items.filter((item): item is SectionItem => item.kind === 'section');
    const screens = sections.map((item): Screen => ({ ...base, title: item.label, hint: item.hint, pointer: join('', item.name), items: item.items }));
    const others = step.items.filter(({ kind }) => kind !== 'section');
    const [only] = others;
    if (only) {
      const alone = others.length === 1 && only.kind === 'list';
      const own: Screen = { ...base, title: alone ? only.label : step.label, hint: alone ? only.hint : NO_HINT, items: others };
      // A step reads in the order of the definition: its shared screen stands where its first item does.
      screens.splice(step.items.slice(0, step.items.indexOf(only)).filter(isGroup).length, 0, own);
    }
    return screens;
  });
}

const NO_HINT: Words = { vi: '', en: '' };

function isGroup(item: Item): item is SectionItem | ListItem {
  return item.kind === 'section' || item.kind === 'list';
}

/** What a pointer leads to: a card (element of a list), a group of a step that has many, a boundary or position to take on the map, or a screen of the wizard. */
export type Target =
  | { kind: 'screen'; index: number; focus: string | null }
  | { kind: 'group'; item: SectionItem | ListItem; pointer: string; focus: string | null }
  | { kind: 'card'; list: ListItem; pointer: string; focus: string | null }
  | { kind: 'map'; item: GeometryItem; pointer: string };

export function targetOf(definition: Definition, screens: readonly Screen[], record: JsonObject, pointer: string): Target | null {
  const path = parts(pointer);
  // A list of groups holds no item of its own: its address is the step's name.
  const hub = screens.findIndex((screen) => screen.hub && pointer === `/step:${screen.step}`);
  if (hub >= 0) return { kind: 'screen', index: hub, focus: null };
  let items: readonly Item[] = definition.steps.flatMap((step) => step.items);
  let at = '';
  let card: { list: ListItem; pointer: string } | null = null;
  for (let index = 0; index < path.length; index++) {
    const item = items.find(({ name }) => name === path[index]);
    if (!item) break;
    at = join(at, item.name);
    if (item.kind === 'point' || item.kind === 'polygon') {
      return { kind: 'map', item, pointer: at };
    }
    if (item.kind === 'list') {
      const element = path[index + 1];
      if (element === undefined || !isObject(valueAt(record, join(at, element)))) break;
      at = join(at, element);
      index += 1;
      // The elements of a short list are on the screen of what holds it.
      if (item.shorthand === null) card = { list: item, pointer: at };
    }
    if (item.kind !== 'list' && item.kind !== 'section') break;
    items = item.items;
  }
  if (card) return { kind: 'card', ...card, focus: at === card.pointer ? null : at };
  const screen = screens.findIndex(({ pointer: own, items: its }) =>
    own === '' ? its.some(({ name }) => name === path[0]) : parts(own)[0] === path[0],
  );
  const group = screens[screen]?.hub ? screens[screen].items.find(({ name }) => name === path[0]) : undefined;
  if (group && isGroup(group)) return { kind: 'group', item: group, pointer: join('', group.name), focus: path.length > 1 ? at : null };
  return screen < 0 ? null : { kind: 'screen', index: screen, focus: path.length > 0 ? at : null };
}

/** The item that a pointer names, or null. */
export function itemAt(definition: Definition, pointer: string): Item | null {
  let items: readonly Item[] = definition.steps.flatMap((step) => step.items);
  let found: Item | null = null;
  for (const part of parts(pointer)) {
    if (found?.kind === 'list' && /^(\d+|-)$/.test(part)) continue;
    const item: Item | undefined = items.find(({ name }) => name === part);
    if (!item) return found;
    found = item;
    items = item.kind === 'section' || item.kind === 'list' ? item.items : [];
  }
  return found;
}
