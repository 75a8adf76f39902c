// The build step that makes service-worker.js: our worker's code with the list of built files and their version put in.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const WORKER = 'service-worker.js';

/** Vite plugin: emits the service worker and replaces its two placeholders once all other files are known. */
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
        worker.code = worker.code
          .replace('__PRECACHED_FILES__', JSON.stringify(files))
          .replace('__SHELL_VERSION__', JSON.stringify(hash.digest('hex').slice(0, 12)));
      },
    },
  };
}
