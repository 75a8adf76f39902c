// The way through the screens of one household, by the address: the phone's own back key works.
import { screensOf, type Screen } from '../definition/screens';
import { address, go } from '../session/route.svelte';
import { reference } from '../session/reference.svelte';
import type { Editor } from './editor.svelte';
import { addressOfScreen, cardOf, whereabouts, type Whereabouts } from './navigation';

export class Navigation {
  readonly #editor: Editor;
  readonly #at: () => string;
  /** From screen to screen one begins at the heading, though the address names the screen's first item. */
  #onTheWay = false;

  readonly screens: readonly Screen[] = $derived.by(() => screensOf(reference.definition!));
  readonly here: Whereabouts = $derived.by(() => whereabouts(reference.definition!, this.screens, this.#editor.content, this.#at()));

  constructor(editor: Editor, at: () => string) {
    this.#editor = editor;
    this.#at = at;
  }

  /** The link to an item, a card, a group or a screen. */
  readonly href = (pointer: string): string => address({ screen: 'household', entry: this.#editor.id, at: pointer });

  toScreen(index: number, replace = false): void {
    this.#editor.stepTo(index);
    this.#onTheWay = true;
    this.#go(addressOfScreen(this.screens, index), replace);
  }

  /** From a card back to its list. */
  toList(card: string, replace = false): void {
    this.#go(cardOf(card).list, replace);
  }

  /** The item that gets the focus on the new screen; null for its heading. */
  arrive(): string | null {
    const { target } = this.here;
    const focus = this.#onTheWay || target === null || target.kind === 'map' ? null : target.focus;
    this.#onTheWay = false;
    return focus;
  }

  #go(at: string, replace: boolean): void {
    go({ screen: 'household', entry: this.#editor.id, at }, replace);
  }
}
