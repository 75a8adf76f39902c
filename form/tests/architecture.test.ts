// How the files of src/ may hang together.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', 'src');
/** The rooms, lowest first: a file imports from its own room and from those named before it. */
const FLOORS = [
  ...['record', 'clock', 'geometry', 'search', 'definition', 'messages', 'storage', 'sync', 'language', 'session'],
  ...['editing', 'parts', 'photos', 'map', 'screens', 'dashboard', 'App.svelte', 'main.ts', 'service-worker'],
];
const floorOf = (file: string): number => FLOORS.indexOf(file.split('/')[0]!);

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import\(|import)\s*'(\.[^']+)'/g)].flatMap(([, path]) => {
    const target = normalize(join(dirname(file), path!));
    return [target, `${target}.ts`, `${target}.svelte`].filter((each) => /\.(ts|svelte)$/.test(each) && existsSync(join(root, each))).slice(0, 1);
  });
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(ts|svelte)$/.test(file));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** A way from the file back to itself; null where there is none. */
function circleThrough(start: string): string[] | null {
  const seen = new Set<string>();
  const ways = [[start]];
  for (let way = ways.pop(); way; way = ways.pop()) {
    for (const next of imports.get(way.at(-1)!) ?? []) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return null;
}

describe('time', () => {
  it('is read in one place: the phone’s clock may be years off', () => {
    const others = files.filter((file) => !file.startsWith('clock/') && /new Date\(\)|Date\.now\(/.test(readFileSync(join(root, file), 'utf8')));
    expect(others).toEqual([]);
  });
});

describe('imports', () => {
  it('are found', () => expect(imports.get('main.ts')).toContain('App.svelte'));
  it('run down the floors only', () => {
    expect(files.filter((file) => floorOf(file) < 0)).toEqual([]);
    const up = files.flatMap((file) => imports.get(file)!.filter((target) => floorOf(target) > floorOf(file)).map((target) => `${file} → ${target}`));
    expect(up).toEqual([]);
  });
  it('go in no circle, types included', () => {
    expect(files.flatMap((file) => circleThrough(file) ?? [])).toEqual([]);
  });
});

describe('exports', () => {
  it('each have an importer, if only a test', () => {
    const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
    const texts = new Map([...files, ...tests.map((name) => join('..', 'tests', name))].map((file) => [file, readFileSync(join(root, file), 'utf8')]));
    // Types of what a function takes or returns are left out: they are exported with it.
    const unused = [...texts].flatMap(([file, text]) =>
      [...text.matchAll(/^export (?:async )?(?:function|const|class|let) (\w+)/gm)]
        .map(([, name]) => name!)
        .filter((name) => ![...texts].some(([other, its]) => other !== file && new RegExp(`\\b${name}\\b`).test(its)))
        .map((name) => `${file}: ${name}`),
    );
    expect(unused).toEqual([]);
  });
});
