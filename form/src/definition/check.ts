// The definition's checks on the phone: which values are invalid, and what is missing for each stage. Nothing is evaluated from text.
import { normalize } from '../search/fold';
import { isObject, type Json, type JsonObject } from '../record/household';
import { STAGES, type Definition, type Item, type Stage } from './definition';
import type { Finding } from './finding';
import { readingsFor } from './numbers';
import { join } from './pointer';
import { isContradicted, ruleFindings } from './rules';

export interface Missing {
  pointer: string;
  stage: Stage;
}

/** Whether the form asks for `item`, given the values beside it. */
export function isAsked(item: Item, beside: JsonObject): boolean {
  if (item.confirms !== null && !isContradicted(item.confirms.check, beside)) return false;
  if (item.askedWhen === null) return true;
  const answer = beside[item.askedWhen.name];
  // null among the values stands for an item without a value.
  return item.askedWhen.values.some((value) => (value === null ? isEmpty(answer) : value === answer));
}

export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.values(value).every(isEmpty);
}

/** All values that the definition refuses, in the order of the form. Missing ones are no finding: see `findMissing`. */
export function findErrors(definition: Definition, record: JsonObject, now: Date): Finding[] {
  const ofItems = definition.steps.flatMap(({ items }) => errorsOf(definition, items, record, ''));
  return [...ofItems, ...ruleFindings(definition.checks, record, now)];
}

function errorsOf(definition: Definition, items: readonly Item[], beside: JsonObject, pointer: string): Finding[] {
  return items.flatMap((item) => {
    const value = beside[item.name];
    return isEmpty(value) ? [] : errorsIn(definition, item, value as Json, beside, join(pointer, item.name));
  });
}

/** What is wrong with one value. `beside` are the values around it. */
export function errorsIn(definition: Definition, item: Item, value: Json, beside: JsonObject, pointer: string): Finding[] {
  const wrong = (code: string, params: Finding['params'] = {}): Finding[] => [{ pointer, code, params }];
  switch (item.kind) {
    case 'text': {
      const text = normalize(String(value));
      if (item.pattern !== null && !compile(`^(?:${item.pattern})$`).test(text)) return wrong(item.code || 'text.shape', { example: item.example });
      const unfit = item.refused && compile(item.refused.pattern).exec(text);
      if (unfit) return wrong(item.refused!.code, { character: described(unfit[0]), position: unfit.index + 1 });
      return text.length > item.longest ? wrong('text.too-long', { count: text.length, max: item.longest }) : [];
    }
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        const undecided = typeof value === 'string' && readingsFor(item, value).length > 1;
        return wrong(undecided ? 'number.two-readings' : 'number.typed');
      }
      if (item.whole && !Number.isInteger(value)) return wrong('number.not-whole');
      if (item.least !== null && value < item.least) return wrong('number.too-small', { min: item.least });
      if (item.above !== null && value <= item.above) return wrong('number.not-above', { min: item.above });
      return item.most !== null && value > item.most ? wrong('number.too-large', { max: item.most }) : [];
    case 'partial-date':
    case 'day':
      return isCalendarDate(String(value), item.kind) ? [] : wrong('date.typed');
    case 'choice':
      return definition.lists[listOf(item, beside)]?.some(({ code }) => code === value) === false ? wrong('code.typed') : [];
    case 'section':
      return isObject(value) ? errorsOf(definition, item.items, value, pointer) : [];
    case 'list':
      return Array.isArray(value)
        ? value.flatMap((element, index) => (isObject(element) ? errorsOf(definition, item.items, element, join(pointer, index)) : []))
        : [];
    case 'unit':
      return /^\d{5}$/.test(String(value)) ? [] : wrong('code.typed');
    case 'choices':
    case 'flag':
    case 'moment':
    case 'point':
    case 'polygon':
      return [];
  }
}

/** Patterns of the definition, each compiled once. */
const compiled = new Map<string, RegExp>();

function compile(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (!expression) {
    expression = new RegExp(pattern, 'u');
    compiled.set(pattern, expression);
  }
  return expression;
}

/** A character for a message: itself, if it is visible, and its Unicode code point. */
function described(character: string): string {
  const number = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  return /[\p{C}\p{M}\p{Zl}\p{Zp}\ufffd]/u.test(character) ? number : `“${character}” (${number})`;
}

/** The name of the code list that a choice is made from, given the values beside it. */
export function listOf(item: Extract<Item, { kind: 'choice' }>, beside: JsonObject): string {
  const scheme = item.scheme === null ? undefined : beside[item.scheme.name];
  return (typeof scheme === 'string' ? item.scheme?.lists[scheme] : undefined) ?? item.list;
}

/** A full date must be in the calendar; a partial one may stop at its year or month. Years 1900 to 2100. */
function isCalendarDate(text: string, kind: 'day' | 'partial-date'): boolean {
  const match = /^((?:19|20)\d\d)(?:-(\d\d)(?:-(\d\d))?)?$/.exec(text);
  if (!match) return false;
  const [, year, month, day] = match;
  if (day === undefined && kind === 'day') return false;
  if (month === undefined) return true;
  if (Number(month) < 1 || Number(month) > 12) return false;
  return day === undefined || (Number(day) >= 1 && Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate());
}

/** Everything that each stage still lacks, in the order of the form; an item counts for the first stage that requires it. */
export function findMissing(definition: Definition, record: JsonObject): Missing[] {
  const missing = definition.steps.flatMap(({ items }) => missingOf(items, record, ''));
  for (const { stage, names } of definition.oneOf) {
    if (names.every((name) => isEmpty(record[name]))) missing.push({ pointer: `/${names[0]}`, stage });
  }
  return missing;
}

function missingOf(items: readonly Item[], beside: JsonObject, pointer: string): Missing[] {
  return items.flatMap((item) => {
    if (!isAsked(item, beside)) return [];
    const value = beside[item.name];
    const place = join(pointer, item.name);
    if (item.kind === 'section') {
      const inner = isObject(value) ? value : {};
      const wanted = item.requiredFor !== null || !isEmpty(value);
      return wanted ? missingOf(item.items, inner, place) : [];
    }
    if (item.kind === 'list' && Array.isArray(value) && value.length > 0) {
      return value.flatMap((element, index) => (isObject(element) ? missingOf(item.items, element, join(place, index)) : []));
    }
    if (item.requiredFor === null || !isEmpty(value)) return [];
    if (item.requiredUnless !== null && !isEmpty(beside[item.requiredUnless])) return [];
    return [{ pointer: place, stage: item.requiredFor }];
  });
}

/** The stage that the record reaches, by the definition alone (the register also looks at parcels and findings). */
export function reachedStage(missing: readonly Missing[]): Stage | null {
  let reached: Stage | null = null;
  for (const stage of STAGES) {
    if (missing.some((lack) => lack.stage === stage)) break;
    reached = stage;
  }
  return reached;
}

export function nextStage(reached: Stage | null): Stage | null {
  return STAGES[reached === null ? 0 : STAGES.indexOf(reached) + 1] ?? null;
}
