/** The pickle opcodes that a Data.fs.index is made of (Python's `pickletools`). */
export const INDEX_OPCODES = {
  MARK: 0x28, // (
  STOP: 0x2e, // .
  BINBYTES: 0x42, // B
  SHORT_BINBYTES: 0x43, // C
  BININT: 0x4a, // J
  BININT1: 0x4b, // K
  LONG: 0x4c, // L
  BININT2: 0x4d, // M
  NONE: 0x4e, // N
  BINSTRING: 0x54, // T
  SHORT_BINSTRING: 0x55, // U
  BINPUT: 0x71, // q
  LONG_BINPUT: 0x72, // r
  TUPLE: 0x74, // t
  PROTO: 0x80,
  TUPLE2: 0x86,
  LONG1: 0x8a,
} as const;
