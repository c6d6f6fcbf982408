import { gzipSync, inflateRawSync } from 'node:zlib';
import type { ForeignCalls } from '../../src/system/foreign/calls.ts';

/** What a library does in place of what ISA-L does, in one call that compresses. */
export type LibraryFault =
  | { readonly kind: 'none' | 'says that it failed' | 'does nothing' | 'compresses other content' }
  /** It changes a byte of its result, counted from the start, or, below 0, from the end. */
  | { readonly kind: 'changes a byte'; readonly at: number; readonly by: number }
  /** It says that its result has so many bytes. */
  | { readonly kind: 'says another length'; readonly length: number }
  /** It keeps its fields at other places: bytes of the structure are changed as it likes. */
  | { readonly kind: 'has other fields'; readonly at: number; readonly value: number };

/** See `src/system/isal/library.ts`. */
const FIELDS = {
  deflate: { input: 0, available: 8, output: 16, total: 28 },
  inflate: { output: 0, total: 12, input: 16, available: 32 },
} as const;
const FAILED = -1;

/**
 * A library that has ISA-L's functions, and zlib does their work. It is not called through koffi, so that its faults end
 * no process.
 *
 * @param nextFault - asked in each call that compresses
 */
export function libraryInScript(nextFault: () => LibraryFault): ForeignCalls {
  const memory = new Map<bigint, Uint8Array>();
  const address = (buffer: Uint8Array): bigint => {
    const id = BigInt(memory.size + 1);
    memory.set(id, buffer);
    return id;
  };
  const at = (structure: Buffer, field: number): Uint8Array =>
    memory.get(structure.readBigUInt64LE(field)) ?? new Uint8Array(0);
  const functions: Readonly<Record<string, (structure: Buffer) => number>> = {
    isal_deflate_stateless_init: (stream) => stream.fill(0).length,
    isal_inflate_init: (state) => state.fill(0).length,
    isal_deflate_stateless: (stream) => {
      const { input, available, output, total } = FIELDS.deflate;
      const content = at(stream, input).subarray(0, stream.readUInt32LE(available));
      const fault = nextFault();
      if (fault.kind === 'says that it failed') return FAILED;
      if (fault.kind === 'does nothing') return 0;
      const made = gzipSync(
        fault.kind === 'compresses other content' ? content.subarray(1) : content,
      );
      at(stream, output).set(fault.kind === 'changes a byte' ? changed(made, fault) : made);
      stream.writeUInt32LE(
        fault.kind === 'says another length' ? fault.length : made.length,
        total,
      );
      if (fault.kind === 'has other fields') stream.writeUInt32LE(fault.value, fault.at);
      return 0;
    },
    isal_inflate_stateless: (state) => {
      const { output, total, input, available } = FIELDS.inflate;
      try {
        const deflated = at(state, input).subarray(0, state.readUInt32LE(available));
        const content = inflateRawSync(deflated);
        at(state, output).set(content);
        state.writeUInt32LE(content.length, total);
        state.writeUInt32LE(0, available);
        return 0;
      } catch {
        return FAILED;
      }
    },
  };
  const func = (definition: string) => {
    const name = /(\w+)\(/.exec(definition)?.[1] ?? '';
    return (structure: unknown) =>
      structure instanceof Uint8Array
        ? functions[name]?.(Buffer.from(structure.buffer, structure.byteOffset, structure.length))
        : undefined;
  };
  return { address, load: () => ({ func }) };
}

function changed(
  gzipped: Buffer,
  { at, by }: Extract<LibraryFault, { kind: 'changes a byte' }>,
): Buffer {
  const copy = Buffer.from(gzipped);
  const place = (at + copy.length) % copy.length;
  copy[place] = (copy[place] ?? 0) ^ by;
  return copy;
}
