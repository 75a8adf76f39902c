// Reads the register's /v1/schema/form.json (docs/form-definition.md) into the form's own types, once, when it is received.
import { isObject, type JsonObject, type RegisterGiven } from '../record/household';
import { STAGES, type Code, type Definition, type DescribedBy, type Item, type PhotoBasis, type Stage, type Words } from './definition';

/** The definition, or null for a value that is not a definition. An item of a kind that this form does not know is left out: it stays in records as it is. */
export function readDefinition(body: unknown): Definition | null {
  if (!isObject(body) || !Array.isArray(body['steps'])) return null;
  const lists = isObject(body['lists']) ? body['lists'] : {};
  const messages = isObject(body['messages']) ? body['messages'] : {};
  return {
    version: text(body['schema_version']),
    steps: objects(body['steps']).map((step) => ({ name: text(step['name']), label: wordsOf(step['label']), items: itemsOf(step['items']) })),
    oneOf: objects(body['one_of']).flatMap((each) => {
      const stage = stageOf(each['stage']);
      return stage === null ? [] : [{ stage, names: texts(each['names']) }];
    }),
    filledIn: texts(body['filled_in']),
    registerGiven: givenOf(body['register_given'], objects(body['steps']).flatMap((step) => objects(step['items']))),
    photoBasis: photoBasisOf(body['photos']),
    lists: Object.fromEntries(Object.entries(lists).map(([name, codes]) => [name, objects(codes).map(codeOf)])),
    checks: objects(body['rules']).flatMap((rule) => (typeof rule['check'] === 'string' ? [rule['check']] : [])),
    messages: Object.fromEntries(Object.entries(messages).map(([code, message]) => [code, wordsOf(message)])),
  };
}

function photoBasisOf(raw: unknown): PhotoBasis {
  const { legal_bases: bases, consents, not_covered: code } = isObject(raw) ? raw : {};
  return { legalBases: texts(bases), consents: texts(consents), notCovered: text(code) };
}

/** Only sections and lists in which the register sets something are named inside. */
function givenOf(names: unknown, items: readonly JsonObject[]): RegisterGiven {
  const inside = items
    .filter(({ kind }) => kind === 'section' || kind === 'list')
    .map((item) => [text(item['name']), givenOf(item['register_given'], objects(item['items']))] as const)
    .filter(([, given]) => given.names.length > 0 || Object.keys(given.inside).length > 0);
  return { names: texts(names), inside: Object.fromEntries(inside) };
}

function itemsOf(value: unknown): Item[] {
  return objects(value).flatMap((item) => {
    const read = itemOf(item);
    return read === null ? [] : [read];
  });
}

function itemOf(raw: JsonObject): Item | null {
  const when = isObject(raw['asked_when']) ? raw['asked_when'] : null;
  const refused = isObject(raw['refused']) ? raw['refused'] : null;
  const confirms = isObject(raw['confirms']) ? raw['confirms'] : null;
  const base = {
    name: text(raw['name']),
    label: wordsOf(raw['label']),
    hint: wordsOf(raw['hint']),
    unit: text(raw['unit']),
    requiredFor: stageOf(raw['required_for']),
    requiredUnless: typeof raw['required_unless'] === 'string' ? raw['required_unless'] : null,
    askedWhen: when === null ? null : { name: text(when['name']), values: Array.isArray(when['values']) ? when['values'] : [] },
    confirms: confirms === null ? null : { check: text(confirms['check']), item: text(confirms['item']) },
    copied: raw['copied'] === true,
    takenWith: texts(raw['taken_with']),
  };
  switch (raw['kind']) {
    case 'text':
      return {
        ...base,
        kind: 'text',
        longest: numberOr(raw['longest'], 2000),
        lines: raw['lines'] === true,
        pattern: typeof raw['pattern'] === 'string' ? raw['pattern'] : null,
        code: text(raw['code']),
        example: text(raw['example']),
        refused: refused === null ? null : { pattern: text(refused['pattern']), code: text(refused['code']) },
        keyboard: raw['keyboard'] === 'digits' || raw['keyboard'] === 'phone' ? raw['keyboard'] : 'text',
      };
    case 'number':
      return {
        ...base,
        kind: 'number',
        whole: raw['whole'] === true,
        least: numberOr(raw['least'], null),
        above: numberOr(raw['above'], null),
        most: numberOr(raw['most'], null),
      };
    case 'choice': {
      const scheme = isObject(raw['scheme']) ? raw['scheme'] : null;
      const lists = scheme && isObject(scheme['lists']) ? scheme['lists'] : {};
      return {
        ...base,
        kind: 'choice',
        list: text(raw['list']),
        scheme: scheme === null ? null : { name: text(scheme['name']), lists: Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, text(list)])) },
      };
    }
    case 'choices':
      return { ...base, kind: 'choices', list: text(raw['list']) };
    case 'unit':
      return { ...base, kind: 'unit', era: raw['era'] === 'former' ? 'former' : 'now' };
    case 'flag':
      return { ...base, kind: 'flag' };
    case 'day':
    case 'partial-date':
    case 'moment':
      return { ...base, kind: raw['kind'] };
    case 'point':
    case 'polygon':
      return { ...base, kind: raw['kind'], describedBy: describedByOf(raw['described_by']) };
    case 'section':
      return { ...base, kind: 'section', items: itemsOf(raw['items']) };
    case 'list': {
      const tolerance = isObject(raw['sum_tolerance']) ? raw['sum_tolerance'] : {};
      return {
        ...base,
        kind: 'list',
        items: itemsOf(raw['items']),
        most: numberOr(raw['most'], 50),
        identifier: typeof raw['identifier'] === 'string' ? raw['identifier'] : null,
        shorthand: isObject(raw['shorthand']) ? Object.fromEntries(Object.entries(raw['shorthand']).map(([name, beside]) => [name, text(beside)])) : null,
        sumTolerance: { share: numberOr(tolerance['share'], 0), least: numberOr(tolerance['least'], 0) },
      };
    }
    default:
      return null;
  }
}

function describedByOf(raw: unknown): DescribedBy {
  const names = isObject(raw) ? raw : {};
  const nameOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return { system: nameOf(names['system']), method: nameOf(names['method']), accuracy: nameOf(names['accuracy']), outside: nameOf(names['outside']) };
}

function codeOf(raw: JsonObject): Code {
  const day = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return { code: text(raw['code']), label: wordsOf(raw['label']), validFrom: day(raw['valid_from']), validTo: day(raw['valid_to']) };
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function wordsOf(value: unknown): Words {
  return isObject(value) ? { vi: text(value['vi']), en: text(value['en']) } : { vi: text(value), en: '' };
}

function stageOf(value: unknown): Stage | null {
  return STAGES.find((stage) => stage === value) ?? null;
}

function numberOr<Default>(value: unknown, otherwise: Default): number | Default {
  return typeof value === 'number' ? value : otherwise;
}
