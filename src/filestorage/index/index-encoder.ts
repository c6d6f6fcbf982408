import type { Magic } from '../format.ts';
import { encodeInteger } from '../pickle/integers.ts';
import { OPCODES as OP } from '../pickle/opcodes.ts';
import { type OidIndex, POSITION_BYTES, PREFIX_BYTES, SUFFIX_BYTES } from './oid-index.ts';

/**
 * A Data.fs.index, as ZODB writes it for a file with this magic: Python 3's form for FS30, Python
 * 2's for FS21. One chunk for the position, one per prefix, one for the end.
 *
 * | pickle | FS30 (protocol 3) | FS21 |
 * | --- | --- | --- |
 * | position | int | LONG in decimal |
 * | per prefix, ascending | tuple of two bytes | tuple of two str |
 * | end | None | None |
 */
export function* encodeIndex(
  index: OidIndex,
  { position, magic }: { readonly position: number; readonly magic: Magic },
): Generator<Uint8Array> {
  const form = magic === 'FS30' ? PYTHON_3 : PYTHON_2;
  yield form.position(position);
  for (const prefix of index.prefixes())
    yield form.pair(prefixBytes(prefix), bucket(index, prefix));
  yield form.end;
}

interface Form {
  readonly position: (position: number) => Uint8Array;
  readonly pair: (prefix: Uint8Array, bucket: Uint8Array) => Uint8Array;
  readonly end: Uint8Array;
}

const PROTOCOL_3 = Uint8Array.of(OP.PROTO, 3);

const PYTHON_3: Form = {
  position: (position) =>
    Buffer.concat([PROTOCOL_3, encodeInteger(position), Uint8Array.of(OP.STOP)]),
  pair: (prefix, bucket) =>
    Buffer.concat([
      PROTOCOL_3,
      encodeBytes(prefix, { short: OP.SHORT_BINBYTES, long: OP.BINBYTES }),
      encodeBytes(bucket, { short: OP.SHORT_BINBYTES, long: OP.BINBYTES }),
      Uint8Array.of(OP.TUPLE2, OP.STOP),
    ]),
  end: Uint8Array.of(...PROTOCOL_3, OP.NONE, OP.STOP),
};

const PYTHON_2: Form = {
  position: (position) => Buffer.from(`L${position}L\n.`, 'latin1'),
  pair: (prefix, bucket) =>
    Buffer.concat([
      Uint8Array.of(OP.MARK),
      encodeBytes(prefix, { short: OP.SHORT_BINSTRING, long: OP.BINSTRING }),
      encodeBytes(bucket, { short: OP.SHORT_BINSTRING, long: OP.BINSTRING }),
      Uint8Array.of(OP.TUPLE, OP.STOP),
    ]),
  end: Uint8Array.of(OP.NONE, OP.STOP),
};

function prefixBytes(prefix: number): Uint8Array {
  const bytes = Buffer.alloc(PREFIX_BYTES);
  bytes.writeUIntBE(prefix, 0, PREFIX_BYTES);
  return bytes;
}

/** All suffixes, then all positions in the same order. */
function bucket(index: OidIndex, prefix: number): Uint8Array {
  const count = index.countOf(prefix);
  const bytes = Buffer.allocUnsafe(count * (SUFFIX_BYTES + POSITION_BYTES));
  let suffixAt = 0;
  let positionAt = count * SUFFIX_BYTES;
  for (const [suffix, position] of index.entriesOf(prefix)) {
    suffixAt = bytes.writeUInt16BE(suffix, suffixAt);
    positionAt = bytes.writeUIntBE(position, positionAt, POSITION_BYTES);
  }
  return bytes;
}

function encodeBytes(
  bytes: Uint8Array,
  opcode: { readonly short: number; readonly long: number },
): Uint8Array {
  if (bytes.length < 256) return Buffer.concat([Uint8Array.of(opcode.short, bytes.length), bytes]);
  const header = Buffer.alloc(5);
  header.writeUInt8(opcode.long, 0);
  header.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}
