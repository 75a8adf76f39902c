// What fields share: reading what a person types into values, and showing values as people write them.
import type { Definition, Item } from '../definition/definition';
import { isObject, type Json, type JsonObject } from '../record/household';
import { day, moment, number, say, unitName, words } from '../language/language.svelte';
import { listOf } from '../definition/check';
import { meantUnit } from '../editing/commune';
import { isReplaced, listed } from '../definition/short-list';
import type { UnitLists } from '../sync/units';

/** The parts of a partial date as typed; what is not there is ''. */
export function splitDate(value: string): { year: string; month: string; day: string } {
  const [year = '', month = '', day = ''] = value.split('-');
  return { year, month, day };
}

/** The partial date of three typed parts; undefined for none at all. A wrong one is returned as typed, for the check to name. */
export function joinDate({ year, month, day }: { year: string; month: string; day: string }): string | undefined {
  if (!year && !month && !day) return undefined;
  const two = (text: string): string => (text.length === 1 ? `0${text}` : text);
  if (!month && !day) return year;
  if (!day) return `${year}-${two(month)}`;
  return `${year}-${two(month)}-${two(day)}`;
}

/** A value in words, for review and comparison. */
export function inWords(
  definition: Definition,
  units: Pick<UnitLists, 'now' | 'former' | 'past'>,
  item: Item | null,
  value: Json | undefined,
  beside: JsonObject,
): string {
  const code = (list: string, each: Json | undefined): string => {
    const found = definition.lists[list]?.find((entry) => entry.code === each);
    return found ? words(found.label) : String(each);
  };
  if (value === undefined || value === null || value === '') return '';
  switch (item?.kind) {
    case 'choice':
      return code(listOf(item, beside), value);
    case 'choices':
      return Array.isArray(value) ? value.map((each) => code(item.list, each)).join(', ') : String(value);
    case 'unit':
      return (item.era === 'now' ? meantUnit(value, beside, units) : units.former.find((unit) => unit.code === value))?.name ?? String(value);
    case 'flag':
      return say(value === true ? 'field.yes' : 'field.no');
    case 'number':
      return typeof value === 'number' ? `${number(value)}${item.unit ? ` ${unitName(item.unit)}` : ''}` : String(value);
    case 'day':
    case 'partial-date':
      return typeof value === 'string' ? day(value) : '';
    case 'moment':
      return typeof value === 'string' ? moment(value) : '';
    case 'point':
    case 'polygon':
      return isObject(value) ? '✓' : '';
    case 'list':
      return Array.isArray(value) ? String(value.length) : '';
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

/** The sentence that names a card: its first values in words. */
export function cardTitle(
  definition: Definition,
  units: Pick<UnitLists, 'now' | 'former' | 'past'>,
  items: readonly Item[],
  element: JsonObject,
): { title: string; rest: string[] } {
  // A parcel is called by sheet and number together, as on its papers.
  const [sheet, plot] = [element['map_sheet'], element['parcel_number']];
  const parcel = typeof sheet === 'string' && sheet && typeof plot === 'string' && plot ? say('cards.parcel', { sheet, number: plot }) : null;
  const called = parcel === null ? [] : ['map_sheet', 'parcel_number'];
  const texts = items
    .filter((item) => !isReplaced(items, item.name, element) && !called.includes(item.name) && item.name !== 'id')
    .filter((item) => (item.kind === 'list' ? item.shorthand !== null : !['section', 'point', 'polygon', 'unit'].includes(item.kind)))
    .map((item) => {
      if (item.kind === 'list') {
        const [first] = item.items;
        return listed(item, element).map((each) => (first ? inWords(definition, units, first, each[first.name], each) : '')).filter(Boolean).join(' + ');
      }
      const text = inWords(definition, units, item, element[item.name], element);
      if (!text) return '';
      const bare = item.kind === 'number' || item.kind === 'flag' || item.name.includes('sheet') || item.name.includes('parcel_number');
      return bare ? `${words(item.label)}: ${text}` : text;
    })
    .filter(Boolean);
  const [title = '', ...rest] = parcel === null ? texts : [parcel, ...texts];
  return { title, rest: rest.slice(0, 3) };
}
