// The build's last step: weighs what a phone downloads, gzipped, and fails when a budget is broken.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const FIRST_LOAD = 60_000;
const MAP = 140_000;
const folder = join(import.meta.dirname, '..', 'dist');
const weigh = (name) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length;

const manifest = JSON.parse(readFileSync(join(folder, '.vite', 'manifest.json'), 'utf8'));
const reach = (key, seen = new Set()) => {
  const entry = manifest[key];
  if (!entry || seen.has(entry.file)) return seen;
  seen.add(entry.file);
  for (const style of entry.css ?? []) seen.add(style);
  for (const next of entry.imports ?? []) reach(next, seen);
  return seen;
};
const sum = (files) => [...files].reduce((total, file) => total + weigh(file), 0);

// The form at `/`: main.ts loads the frame and the session at once, everything else when it is opened.
const first = reach('index.html');
for (const key of ['src/App.svelte', 'src/session/start.ts', 'src/session/shell.svelte.ts']) reach(key, first);
const firstBytes = sum(first) + weigh('index.html') + weigh('service-worker.js') + weigh('manifest.webmanifest');
const lazy = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry && !first.has(manifest[key].file));
console.log(`first load  ${String(firstBytes).padStart(7)} bytes gzipped (budget ${FIRST_LOAD})`);
let broken = firstBytes > FIRST_LOAD;
for (const key of lazy) {
  const bytes = sum([...reach(key)].filter((file) => !first.has(file)));
  const isMap = key.includes('/map/');
  console.log(`${key.padEnd(44)} ${String(bytes).padStart(7)} bytes gzipped${isMap ? ` (budget ${MAP})` : ''}`);
  if (isMap && bytes > MAP) broken = true;
}
if (broken) {
  console.error('A size budget is broken.');
  process.exit(1);
}
