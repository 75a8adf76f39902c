// The texts of the screens: each is used, and is there whenever something that uses it is loaded.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill, say } from '../src/language/language.svelte';
import { vi } from '../src/messages/vi';
import { viConflict } from '../src/messages/vi-conflict';
import { viDashboard } from '../src/messages/vi-dashboard';
import { viMap } from '../src/messages/vi-map';
import { viPhone } from '../src/messages/vi-phone';
import { viPhotos } from '../src/messages/vi-photos';
import { viHousehold } from '../src/messages/vi-household';
import { viTiles } from '../src/messages/vi-tiles';
import { viVerify } from '../src/messages/vi-verify';
import { en } from '../src/messages/en';

const root = join(import.meta.dirname, '..', 'src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(ts|svelte)$/.test(file) && !file.startsWith('messages/'));
const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

/** The files of ours that a file names, either at its head or where it loads a part later. */
function named(file: string, how: RegExp): string[] {
  return [...sources.get(file)!.matchAll(how)].flatMap(([, path]) => {
    const target = normalize(join(dirname(file), path!));
    return [target, `${target}.ts`, `${target}.svelte`].filter((each) => sources.has(each)).slice(0, 1);
  });
}

/** Everything that is there once `file` is loaded. */
function loadedWith(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const next of named(file, /(?:from|import)\s+'(\.[^']+)'/g)) loadedWith(next, found);
  return found;
}

const quoted = (text: string): Set<string> => new Set([...text.matchAll(/'([\w.-]+)'/g)].map(([, key]) => key!));
const beginnings = (text: string): string[] => [...text.matchAll(/`([\w-]+\.(?:[\w-]+\.)?)\$\{/g)].map(([, beginning]) => beginning!);
/** Keys that the texts of a file use, those made of parts too. */
function used(text: string, keys: readonly string[]): string[] {
  const whole = quoted(text);
  const begun = beginnings(text);
  return keys.filter((key) => whole.has(key) || begun.some((each) => key.startsWith(each)));
}

/** Texts that are not there from the beginning, by the file that includes them. */
const LAZY: Record<string, Record<string, string>> = { 'screens/conflict-texts.ts': viConflict, 'dashboard/texts.ts': viDashboard, 'map/texts.ts': viMap, 'map/tile-texts.ts': viTiles, 'parts/phone-texts.ts': viPhone, 'photos/texts.ts': viPhotos, 'screens/household-texts.ts': viHousehold, 'screens/verify-texts.ts': viVerify };
const all = { ...vi, ...viConflict, ...viDashboard, ...viMap, ...viTiles, ...viPhone, ...viPhotos, ...viHousehold, ...viVerify };
const parts = new Set(['main.ts', ...files.flatMap((file) => named(file, /import\('(\.[^']+)'\)/g))]);

describe('texts', () => {
  it.each(Object.entries(LAZY))('of %s are there with every part that uses them', (includer, texts) => {
    const without = [...parts].flatMap((part) => {
      const loaded = loadedWith(part);
      const wanted = [...loaded].flatMap((file) => used(sources.get(file)!, Object.keys(texts)).map((key) => `${part}: ${file} uses ${key}`));
      return loaded.has(includer) ? [] : wanted;
    });
    expect(without).toEqual([]);
  });

  it('are all used', () => {
    const keys = Object.keys(all);
    const wanted = new Set(used([...sources.values()].join('\n'), keys));
    expect(keys.filter((key) => !wanted.has(key))).toEqual([]);
  });

  it('have the same places to fill in both languages', () => {
    const places = (text: string): string[] => [...new Set([...text.matchAll(/\{\w+\}/g)].map(([place]) => place))].sort();
    const other = Object.entries(all).filter(([key, text]) => String(places(text)) !== String(places(en[key as keyof typeof en])));
    expect(other.map(([key]) => key)).toEqual([]);
  });

  it('that are missing show their key, and the screen goes on', () => {
    expect(say('dashboard.title')).toBe('dashboard.title');
    expect(fill('{count} hộ', { count: 2 })).toBe('2 hộ');
  });
});
