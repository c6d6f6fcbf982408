import { isUtf8 } from 'node:buffer';

/** A surrogate alone, which Python 2 wrote and Python 3 reads in pickles (`surrogatepass`). */
const SURROGATE = /\xed[\xa0-\xbf][\x80-\xbf]/g;

/** Whether Python takes these bytes of a pickle for text. */
export function isText(bytes: Uint8Array): boolean {
  if (isUtf8(bytes)) return true;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return isUtf8(Buffer.from(text.replace(SURROGATE, '?'), 'latin1'));
}
