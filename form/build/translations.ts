// The build step that leaves geoman's translations out of the map: they name its tool bar, which the form does not show.
import type { Plugin } from 'vite';

const TABLE = /^(\s*\/\/ src\/assets\/translations\/\w+\.json\n\s*var \w+ = )\{$.*?^ {2}\};$/gms;

/** Vite plugin: empties the tables of translations in geoman, which comes as one file that no bundler can take apart. */
export function withoutTranslations(): Plugin {
  return {
    name: 'without-translations',
    apply: 'build',
    transform: {
      filter: { id: /leaflet-geoman\.js$/ },
      handler: (code) => ({ code: emptied(code), map: null }),
    },
  };
}

/** The code with every table empty. Throws where it has none: a newer geoman is built otherwise, and this step is for nothing. */
export function emptied(code: string): string {
  const short = code.replaceAll(TABLE, '$1{};');
  if (short === code) throw new Error("geoman's translations are not where build/translations.ts looks for them");
  return short;
}
