// What the build leaves out of geoman: the texts of a tool bar that the form does not show.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { emptied } from '../build/translations';

const geoman = createRequire(import.meta.url).resolve('@geoman-io/leaflet-geoman-free');

it("leaves out every translation of geoman's tool bar, and nothing else", () => {
  const code = readFileSync(geoman, 'utf8');
  const short = emptied(code);
  expect(short).not.toMatch(/drawPolyButton: "/);
  expect(short.match(/var \w+_default = \{\};/g)!.length).toBeGreaterThan(20);
  expect(short.replaceAll(/^.*\{\};$/gm, '')).not.toContain('tooltips: {');
  expect(short.split('\n').length).toBeGreaterThan(code.split('\n').length * 0.85);
});

it('ends the build where geoman is put together otherwise', () => {
  expect(() => emptied('var en = {};')).toThrow('translations');
});
