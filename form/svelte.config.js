// Svelte's compiler: runes everywhere, so that state is declared where it lives.
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default { preprocess: vitePreprocess(), compilerOptions: { runes: true } };
