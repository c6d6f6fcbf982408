import { OPCODES as OP } from './opcodes.ts';
import { VALUE } from './value-kind.ts';

/** Stands for opcodes that do anything else. */
export const OTHERWISE = 0xff;

/** Opcodes that push a value of which nothing is kept but its kind: the width of what follows them. */
export const WIDTH_OF_PLAIN = new Uint8Array(256).fill(OTHERWISE);
/** The kind of what they push. */
export const KIND_OF_PLAIN = new Int32Array(256);
for (const [width, kind, opcodes] of [
  [0, VALUE.NONE, [OP.NONE]],
  [0, VALUE.UINT31, [OP.NEWTRUE, OP.NEWFALSE]],
  [0, VALUE.DICT, [OP.EMPTY_DICT]],
  [1, VALUE.UINT31, [OP.BININT1]],
  [2, VALUE.UINT31, [OP.BININT2]],
  [8, VALUE.FLOAT, [OP.BINFLOAT]],
  [1, VALUE.OBJECT, [OP.EXT1]],
  [2, VALUE.OBJECT, [OP.EXT2]],
  [4, VALUE.OBJECT, [OP.EXT4]],
] as const) {
  for (const opcode of opcodes) {
    WIDTH_OF_PLAIN[opcode] = width;
    KIND_OF_PLAIN[opcode] = kind;
  }
}
