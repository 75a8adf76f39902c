// Numbers as people type them: read when there is one reading, asked about when there are two.
import { describe, expect, it } from 'vitest';
import { errorsIn } from '../src/definition/check';
import type { Definition, NumberItem } from '../src/definition/definition';
import { readingsFor, readingsOf } from '../src/definition/numbers';

const item: NumberItem = {
  kind: 'number', name: 'output', label: { vi: '', en: '' }, hint: { vi: '', en: '' }, unit: 't', requiredFor: null, requiredUnless: null,
  askedWhen: null, confirms: null, copied: false, takenWith: [], whole: false, least: 0, above: null, most: null,
};

describe('a typed number', () => {
  it.each([
    ['0.250', [0.25]], ['0,250', [0.25]], ['00.500', [0.5]], ['000.500', [0.5]], ['-0.125', [-0.125]], ['.5', [0.5]], ['0.250.000', []], ['01.250', [1.25]],
    ['1.250', [1250, 1.25]], ['1,250', [1250, 1.25]], ['12.500', [12500, 12.5]], ['1250.500', [1250.5]], ['1.25', [1.25]], ['1.2500', [1.25]],
    ['1.250.000', [1250000]], ['1,250,000.5', [1250000.5]], ['1.250,5', [1250.5]], ['1,250.5', [1250.5]], ['1.250,500', [1250.5]],
    ['1 250', [1250]], ['1\u00a0250,5', [1250.5]], ['0 250', []], ['12 34', []], ['1.250.5', []], ['hai', []], ['', []],
  ])('%s can mean %j', (typed, readings) => expect(readingsOf(typed)).toEqual(readings));

  it('never has a group that begins with 0', () => {
    for (let value = 0; value < 1000; value++) {
      const decimals = String(value).padStart(3, '0');
      expect(readingsOf(`0.${decimals}`)).toEqual([value / 1000]);
    }
  });

  it('means only what the item can be', () => {
    expect(readingsFor({ ...item, whole: true }, '1.250')).toEqual([1250]);
    expect(readingsFor({ ...item, most: 500 }, '1.250')).toEqual([1.25]);
    expect(readingsFor({ ...item, above: 10 }, '1,250')).toEqual([1250]);
    expect(readingsFor({ ...item, most: 1 }, '1.250')).toEqual([1250]);
  });

  it('holds the record back until one of two readings is chosen', () => {
    expect(errorsIn({} as Definition, item, '1.250', {}, '/output').map(({ code }) => code)).toEqual(['number.two-readings']);
    expect(errorsIn({} as Definition, item, 'hai', {}, '/output').map(({ code }) => code)).toEqual(['number.typed']);
    expect(errorsIn({} as Definition, item, 1.25, {}, '/output')).toEqual([]);
  });
});
