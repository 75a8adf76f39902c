// The form definition as the form works with it; read.ts makes it from the register's /v1/schema/form.json.
import type { JsonObject, RegisterGiven } from '../record/household';

export type Language = 'vi' | 'en';
export type Words = Record<Language, string>;
export type Stage = 'registered' | 'standardized' | 'digitized';
export const STAGES: readonly Stage[] = ['registered', 'standardized', 'digitized'];

interface ItemMetadata {
  name: string;
  label: Words;
  hint: Words;
  unit: string;
  /** The stage that the item is mandatory for; null for never. */
  requiredFor: Stage | null;
  /** The item beside it that may be given in its place. */
  requiredUnless: string | null;
  /** An item beside it, and the values of that item with which the form asks for this one. */
  askedWhen: { name: string; values: readonly unknown[] } | null;
  /** A check, and the item beside it that the check is about: asked only where it finds something, to confirm that the item is right. */
  confirms: { check: string; item: string } | null;
  /** Whether the form offers to copy it: from the household before, or inside a list from the element before. */
  copied: boolean;
  /** Items beside it that say how it was taken or is to be read: of two versions, they come from the same one as it does. */
  takenWith: readonly string[];
}

export interface TextItem extends ItemMetadata {
  kind: 'text';
  longest: number;
  lines: boolean;
  /** Full match, or null for free text. */
  pattern: string | null;
  /** The message for text of another shape. */
  code: string;
  example: string;
  /** The pattern of forbidden characters and the code of the message about one; null if all are allowed. */
  refused: { pattern: string; code: string } | null;
  /** What the keyboard should offer. */
  keyboard: 'text' | 'digits' | 'phone';
}
export interface NumberItem extends ItemMetadata {
  kind: 'number';
  whole: boolean;
  least: number | null;
  above: number | null;
  most: number | null;
}
export interface ChoiceItem extends ItemMetadata {
  kind: 'choice';
  list: string;
  /** Where a code means something only with its scheme: the item that says it, and each scheme's list. */
  scheme: { name: string; lists: Record<string, string> } | null;
}
export interface ChoicesItem extends ItemMetadata {
  kind: 'choices';
  list: string;
}
/** A commune: `former` ones are those of before July 2025. */
export interface UnitItem extends ItemMetadata {
  kind: 'unit';
  era: 'now' | 'former';
}
export interface FlagItem extends ItemMetadata {
  kind: 'flag';
}
export interface DateItem extends ItemMetadata {
  kind: 'day' | 'partial-date' | 'moment';
}
export interface GeometryItem extends ItemMetadata {
  kind: 'point' | 'polygon';
  describedBy: DescribedBy;
}
/** Items beside a geometry, by what they say of it: its reference system, how it was taken, how exact it is, and that it lies outside all the same. */
export type DescribedBy = Record<'system' | 'method' | 'accuracy' | 'outside', string | null>;
export interface SectionItem extends ItemMetadata {
  kind: 'section';
  items: Item[];
}
export interface ListItem extends ItemMetadata {
  kind: 'list';
  items: Item[];
  most: number;
  /** The name of the item that identifies an element, which the phone mints; null for none. */
  identifier: string | null;
  /** Of a short list, which is shown in place: for items of an element the items beside the list that state an only one; see short-list.ts. */
  shorthand: Readonly<Record<string, string>> | null;
  /** Of a short list: the share of the number beside it, and the amount in any case, by which the sum may differ from that number. */
  sumTolerance: { share: number; least: number };
}
export type Item =
  | TextItem | NumberItem | ChoiceItem | ChoicesItem | UnitItem | FlagItem | DateItem | GeometryItem | SectionItem | ListItem;

/** Lists of which a record must fill one to reach a stage. */
export interface OneOf {
  stage: Stage;
  names: string[];
}

export interface Step {
  name: string;
  label: Words;
  items: Item[];
}

export interface Code {
  code: string;
  label: Words;
  validFrom: string | null;
  validTo: string | null;
}

/** On which basis photos of papers may be stored: one of the legal bases, or a consent to one of the purposes. `notCovered`: the text for neither. */
export interface PhotoBasis {
  legalBases: string[];
  consents: string[];
  notCovered: string;
}

export interface Definition {
  version: string;
  steps: Step[];
  oneOf: OneOf[];
  /** Items of the record that no form asks for: the form or another system fills them in. */
  filledIn: string[];
  /** What the register sets and no person enters. */
  registerGiven: RegisterGiven;
  photoBasis: PhotoBasis;
  lists: Record<string, Code[]>;
  /** Names of the rules between items that a phone can check. */
  checks: string[];
  /** Texts of the checks' codes, with {placeholders}. */
  messages: Record<string, Words>;
}

/** What of a record's own items the schema lets a form copy to the next record. */
export function copiedAnswers(definition: Definition, content: JsonObject): JsonObject {
  const copied = new Set(definition.steps.flatMap((step) => step.items).flatMap((item) => (item.copied ? [item.name] : [])));
  return Object.fromEntries(Object.entries(content).filter(([name]) => copied.has(name)));
}

/** Whether the code was in force on `day` (`2026-11-20`). */
export function inForce({ validFrom, validTo }: Code, day: string): boolean {
  return (validFrom === null || validFrom <= day) && (validTo === null || day <= validTo);
}
