/** What we need of koffi, the package that calls functions of C. */
export interface ForeignCalls {
  readonly load: (path: string) => { readonly func: (definition: string) => ForeignFunction };
  readonly address: (buffer: Uint8Array) => bigint;
}

/** A function of C; a pointer is a buffer, or what another function gave. */
export type ForeignFunction = (...values: readonly unknown[]) => unknown;

/** A library that makes something of content, with buffers that stay. */
export interface ForeignLibrary {
  /** Whoever calls puts the content here; a request holds no more. */
  readonly content: Buffer;
  /** What it makes of the first bytes of the content; undefined if it fails. The next call overwrites the result. */
  answer(length: number): Uint8Array | undefined;
}
