// The way through a household's screens, and what is copied to the next one.
import { describe, expect, it } from 'vitest';
import type { ListItem } from '../src/definition/definition';
import { readDefinition } from '../src/definition/read';
import { screensOf } from '../src/definition/screens';
import { copiedItems, copyableFrom, elementBefore } from '../src/editing/copying';
import { addressOfScreen, cardOf, REVIEW, whereabouts, wrongHere } from '../src/editing/navigation';

const item = (name: string, kind: string, more: object = {}): object => ({ name, kind, label: { vi: name, en: name }, ...more });
const definition = readDefinition({
  schema_version: '1',
  steps: [
    { name: 'household', label: { vi: 'Hộ', en: 'Household' }, items: [item('village', 'text', { copied: true }), item('note', 'text')] },
    { name: 'head', label: { vi: 'Chủ hộ', en: 'Head' }, items: [item('head', 'section', { items: [item('full_name', 'text')] })] },
    { name: 'land', label: { vi: 'Thửa', en: 'Land' }, items: [item('parcels', 'list', { identifier: 'id', items: [item('map_sheet', 'text', { copied: true }), item('parcel_number', 'text')] })] },
  ],
})!;
const screens = screensOf(definition);
const parcels = definition.steps[2]!.items[0] as ListItem;
const record = { village: 'K3', parcels: [{ id: 'a', map_sheet: '12', parcel_number: '7' }, { id: 'b' }] };
const at = (pointer: string) => whereabouts(definition, screens, record, pointer);

describe('whereabouts', () => {
  it('are a screen for an item, the owning screen for a card, the first for nowhere', () => {
    expect(at('/head/full_name')).toMatchObject({ index: 1, target: { kind: 'screen', focus: '/head/full_name' } });
    expect(at('/parcels/1')).toMatchObject({ index: 2, target: { kind: 'card', pointer: '/parcels/1' } });
    expect(at('/nowhere')).toMatchObject({ index: 0, target: { kind: 'screen', focus: null } });
    expect(at(REVIEW)).toEqual({ target: null, index: 3, screen: undefined });
  });

  it('lead back to the address of each screen', () => {
    expect(screens.map((_, index) => at(addressOfScreen(screens, index)).index)).toEqual([0, 1, 2]);
    expect(addressOfScreen(screens, 3)).toBe(REVIEW);
    expect(cardOf('/parcels/1')).toEqual({ list: '/parcels', index: 1 });
  });

  it('know what is wrong here, each once, and nothing of other cards', () => {
    const wrongs = ['/parcels/1/map_sheet', '/parcels/0/map_sheet', '/head/full_name', '/parcels/1/map_sheet'].map((pointer) => ({ pointer, message: 'x' }));
    expect(wrongHere(at('/parcels/1'), wrongs)).toEqual([wrongs[0]]);
    expect(wrongHere(at('/head'), wrongs)).toEqual([wrongs[2]]);
    expect(wrongHere(at(REVIEW), wrongs)).toEqual([]);
  });
});

describe('copying', () => {
  it('offers what is empty here, was given before and may be copied', () => {
    const items = screens[0]!.items;
    expect(copyableFrom({ village: 'K1', note: 'x' }, items, {}).map(({ name }) => name)).toEqual(['village']);
    expect(copyableFrom({ village: 'K1' }, items, { village: 'K2' })).toEqual([]);
  });

  it('offers the element before a fresh card only', () => {
    expect(elementBefore(record, '/parcels/1', parcels)).toEqual(record.parcels[0]);
    expect(elementBefore(record, '/parcels/0', parcels)).toBeNull();
    expect(elementBefore({ parcels: [record.parcels[0]!, { id: 'b', map_sheet: '1' }] }, '/parcels/1', parcels)).toBeNull();
    expect(copiedItems(parcels, record.parcels[0]!).map(({ name }) => name)).toEqual(['map_sheet']);
  });
});
