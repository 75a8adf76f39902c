// Something that is wrong with a record, found on the phone.

export interface Finding {
  pointer: string;
  code: string;
  params: Record<string, string | number>;
}
