// How the form is built: Svelte, one HTML page, and a service worker that knows every built file by name.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { precache } from './build/precache.ts';
import { withoutTranslations } from './build/translations.ts';

export default defineConfig({
  plugins: [svelte(), withoutTranslations(), precache()],
  build: {
    target: 'es2022',
    // A strict Content-Security-Policy has no place for the inline polyfill, and every browser we serve preloads modules.
    modulePreload: { polyfill: false },
    sourcemap: false,
    manifest: true,
    // Leaflet's own pictures are never drawn: its style sheet is smaller without them.
    assetsInlineLimit: (file, content) => !file.includes('leaflet') && content.length < 2048,
    rolldownOptions: {
      output: {
        // What every page needs comes as one file: on an old phone each further file costs more than its bytes.
        codeSplitting: { groups: [{ name: 'core', test: /node_modules\/(svelte|idb|esm-env|clsx)\/|src\/(clock|record|language\/(language|explain)|session\/(shell|faults)|parts\/(Toast|SignInForm|Brand)|storage\/(?!photo)|sync\/(account|backoff|register|response|sender|units|updates)|definition\/(read|definition|province|limits|pointer)|search)|src\/messages\/vi\.ts/ }] },
      },
    },
  },
  server: { proxy: { '/v1': process.env['REGISTER_ADDRESS'] ?? 'http://127.0.0.1:8000' } },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
