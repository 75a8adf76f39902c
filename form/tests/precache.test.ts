// Filling the service worker's placeholders: a place that stays open fails on the phone, so it must fail the build.
import { describe, expect, test } from 'vitest';
import { fillPlaceholders } from '../build/precache';

describe('placeholders of the service worker', () => {
  test('are filled in every place, with file names that hold dollar signs as they are', () => {
    const code = 'a(__FILES__);b(__FILES__,__VERSION__)';
    const filled = fillPlaceholders(code, { FILES: ["/a$&$'.js"], VERSION: '1' });
    expect(filled).toBe(`a(["/a$&$'.js"]);b(["/a$&$'.js"],"1")`);
  });

  test('fail the build while one has no value', () => {
    expect(() => fillPlaceholders('a(__FILES__);b(__VERSION__)', { FILES: [] })).toThrow('__VERSION__');
  });

  test('fail the build when a value has no place', () => {
    expect(() => fillPlaceholders('a(__FILES__)', { FILES: [], VERSION: '1' })).toThrow('VERSION');
  });
});
