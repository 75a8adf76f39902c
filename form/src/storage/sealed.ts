// A sealed value: only the vault that sealed it can open it.

export interface Sealed {
  vector: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}
