// What everything that shows a question of the definition gets, and how its element on the page is named.
import type { Component } from 'svelte';
import type { Item } from '../definition/definition';
import type { ItemProblem, Json, JsonObject } from '../record/household';

export interface Asked {
  /** Pointer of the object that holds the items. */
  owner: string;
  /** That object: the values beside each other. */
  beside: JsonObject;
  problems: readonly ItemProblem[];
  answer: (pointer: string, value: Json | undefined) => void;
}

/** One question, and the component for the questions inside it: an item can be a section or a list of items. */
export interface Question extends Asked {
  item: Item;
  Field: Component<Question>;
}

/** The id of the element that gets the focus when somebody goes to the item. */
export function elementIdOf(pointer: string): string {
  return `item${pointer.replaceAll('/', '-')}`;
}
