import { OPCODES as OP } from './opcodes.ts';

/** The shortest of the forms that pickle, from protocol 2 on, has for a safe integer. */
export function encodeInteger(value: number): Uint8Array {
  if (value >= 0 && value < 2 ** 8) return Uint8Array.of(OP.BININT1, value);
  if (value >= 0 && value < 2 ** 16) {
    return Uint8Array.of(OP.BININT2, value % 256, Math.floor(value / 256));
  }
  const bytes = Buffer.alloc(10);
  if (value >= -(2 ** 31) && value < 2 ** 31) {
    bytes.writeUInt8(OP.BININT, 0);
    bytes.writeInt32LE(value, 1);
    return bytes.subarray(0, 5);
  }
  bytes.writeBigInt64LE(BigInt(value), 2);
  // Two's complement: a byte goes when it only repeats the sign of the byte below it.
  const filler = value < 0 ? 0xff : 0;
  const signOf = (byte: number) => (byte & 0x80 ? 0xff : 0);
  let length = 8;
  while (bytes[1 + length] === filler && signOf(bytes[length] ?? 0) === filler) length -= 1;
  bytes.writeUInt8(OP.LONG1, 0);
  bytes.writeUInt8(length, 1);
  return bytes.subarray(0, 2 + length);
}

/** The integer of LONG1 and LONG4: any number of bytes, the least first, in two's complement. */
export function decodeInteger(bytes: Uint8Array): number | bigint {
  const digits = Buffer.from(bytes).reverse().toString('hex');
  return exactInteger(BigInt.asIntN(8 * bytes.length, BigInt(`0x${digits}0`) >> 4n));
}

/** An integer as a number where that is exact. */
export function exactInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
