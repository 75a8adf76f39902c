// Numbers as people here type them. A dot or a comma can set off thousands or decimals: where both are possible, both readings are returned.
import type { NumberItem } from './definition';

/** Thousands set off by one sign; the first group never begins with 0, so that "0.250" is a quarter. */
const GROUPED = /^-?[1-9]\d{0,2}(?:(?:\.\d{3})+(?:,\d+)?|(?:,\d{3})+(?:\.\d+)?|(?: \d{3})+(?:[.,]\d+)?)$/;
const PLAIN = /^-?(?:\d+(?:[.,]\d+)?|[.,]\d+)$/;

/** What the text can mean: nothing, one number, or two, the one with thousands first. */
export function readingsOf(text: string): number[] {
  const typed = text.trim().replace(/\s/g, ' ');
  const readings = new Set<number>();
  if (GROUPED.test(typed)) {
    const groupSign = /[., ]/.exec(typed)![0];
    readings.add(Number(typed.replaceAll(groupSign, '').replace(',', '.')));
  }
  if (PLAIN.test(typed)) readings.add(Number(typed.replace(',', '.')));
  return [...readings];
}

/** The readings that the item can have: 1.250 head of cattle are never one and a quarter. All of them where it can have none. */
export function readingsFor(item: NumberItem, text: string): number[] {
  const readings = readingsOf(text);
  const possible = readings.filter(
    (value) =>
      !(item.whole && !Number.isInteger(value)) &&
      (item.least === null || value >= item.least) &&
      (item.above === null || value > item.above) &&
      (item.most === null || value <= item.most),
  );
  return possible.length > 0 ? possible : readings.slice(0, 1);
}
