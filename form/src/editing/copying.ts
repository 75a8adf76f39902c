// What the form offers to copy: from the household before, and inside a list from the element before.
import { isEmpty } from '../definition/check';
import type { Item, ListItem } from '../definition/definition';
import { join, valueAt } from '../definition/pointer';
import { isObject, type JsonObject } from '../record/household';
import { cardOf } from './navigation';

/** The items of a screen that are empty and were given for the household before. */
export function copyableFrom(last: JsonObject, items: readonly Item[], record: JsonObject): Item[] {
  return items.filter(({ name, copied }) => copied && isEmpty(record[name]) && !isEmpty(last[name]));
}

/** The element before a card on which nothing was entered yet; null where there is none. */
export function elementBefore(record: JsonObject, card: string, list: ListItem): JsonObject | null {
  const { list: path, index } = cardOf(card);
  const own = valueAt(record, card);
  const before = index > 0 ? valueAt(record, join(path, index - 1)) : undefined;
  const fresh = isObject(own) && Object.keys(own).every((name) => name === list.identifier);
  return fresh && isObject(before) ? before : null;
}

/** The items of an element that are copied to the next one. */
export function copiedItems(list: ListItem, before: JsonObject): Item[] {
  return list.items.filter(({ name, copied }) => copied && !isEmpty(before[name]));
}
