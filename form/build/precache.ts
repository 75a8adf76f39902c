// The build step that makes service-worker.js: our worker's code with the list of built files and their version filled in.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const WORKER = 'service-worker.js';

/** Vite plugin: emits the service worker and fills its placeholders once all other files are known. */
export function precache(): Plugin {
  return {
    name: 'precache',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'chunk', id: 'src/service-worker/worker.ts', fileName: WORKER });
    },
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const hash = createHash('sha256');
        const files: string[] = [];
        const names = Object.keys(bundle).filter((name) => name !== WORKER && !name.startsWith('.vite/')).sort();
        for (const name of names) {
          const output = bundle[name];
          if (!output) continue;
          files.push(name === 'index.html' ? '/' : `/${name}`);
          hash.update(name).update(output.type === 'chunk' ? output.code : output.source);
        }
        const folder = join(this.environment.config.root, 'public');
        for (const name of readdirSync(folder).sort()) {
          files.push(`/${name}`);
          hash.update(name).update(readFileSync(join(folder, name)));
        }
        const worker = bundle[WORKER];
        if (worker?.type !== 'chunk') throw new Error('the service worker was not built');
        if (worker.imports.length > 0) throw new Error(`the service worker must stand alone, but imports ${worker.imports.join()}`);
        hash.update(worker.code);
        worker.code = fillPlaceholders(worker.code, { PRECACHED_FILES: files, SHELL_VERSION: hash.digest('hex').slice(0, 12) });
      },
    },
  };
}

/**
 * The code with every `__NAME__` replaced by the JSON of its value. Throws when a value has no place in the code, or a
 * placeholder has no value: the worker would be built, but fail on the phone.
 */
export function fillPlaceholders(code: string, values: Readonly<Record<string, unknown>>): string {
  const missing = Object.keys(values).filter((name) => !code.includes(`__${name}__`));
  if (missing.length > 0) throw new Error(`the service worker has no place for ${missing.join()}`);
  return code.replaceAll(/\b__([A-Z][A-Z_]*)__\b/g, (placeholder, name: string) => {
    if (!(name in values)) throw new Error(`the service worker's placeholder ${placeholder} has no value`);
    return JSON.stringify(values[name]);
  });
}
