import { isUtf8 } from 'node:buffer';

/** A surrogate alone, which Python 2 wrote and Python 3 reads in pickles (`surrogatepass`). */
const SURROGATE = /\xed[\xa0-\xbf][\x80-\xbf]/g;

/** A text of up to so many bytes is looked at here: a call costs more. */
const SHORT_TEXT = 48;

/** `\n`, which ends the arguments of the opcodes of protocol 0. */
export const LINE_END = 0x0a;

/** Whether Python takes these bytes of a pickle for text. */
export function isText(bytes: Uint8Array): boolean {
  if (isUtf8(bytes)) return true;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return isUtf8(Buffer.from(text.replace(SURROGATE, '?'), 'latin1'));
}

/** Whether it is text; false for what only a closer look can tell. */
export function isSureText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= SHORT_TEXT) {
    let all = 0;
    for (let offset = start; offset < end; offset++) all |= bytes[offset] ?? 0;
    if (all < 0x80) return true;
  }
  return isUtf8(bytes.subarray(start, end));
}

/** Whether a class of this name stands there: `module.name`, where the pickle has two lines. */
export function isNamedAt(bytes: Uint8Array, offset: number, name: string): boolean {
  if (offset <= 0) return false;
  const split = name.lastIndexOf('.');
  for (let place = 0; place < name.length; place++) {
    const expected = place === split ? LINE_END : name.charCodeAt(place);
    if (bytes[offset + place] !== expected) return false;
  }
  return bytes[offset + name.length] === LINE_END;
}

/** Offset of the next line end, or -1. Lines are short: a call of indexOf costs more. */
export function lineEnd(bytes: Uint8Array, start: number): number {
  for (let offset = start; offset < bytes.length; offset++) {
    if (bytes[offset] === LINE_END) return offset;
  }
  return -1;
}

/** Whether these bytes stand there. */
export function standsAt(bytes: Uint8Array, offset: number, expected: Uint8Array): boolean {
  for (let place = 0; place < expected.length; place++) {
    if (bytes[offset + place] !== expected[place]) return false;
  }
  return true;
}
