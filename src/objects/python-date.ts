import { entryOf, isStructured, textOf, type Value } from '../filestorage/pickle/values/value.ts';
import { attributesOf, classOfValue } from './attributes.ts';

/**
 * A date of Zope or Python as ISO 8601; undefined where the value is none. A `DateTime.DateTime` is a moment, and ends
 * with Z. A `datetime.datetime` is what a clock shows, and its zone is something that only Python knows.
 *
 * | class | state or arguments |
 * | --- | --- |
 * | `DateTime.DateTime` of DateTime 3 and later | `(microseconds since 1970, is naive, zone)` |
 * | the same, before | a dict: `_micros`, or `_t` in seconds |
 * | `datetime.datetime` | 10 bytes: year (2), month, day, hour, minute, second, microsecond (3); zone |
 */
export function pythonDate(value: Value | undefined): string | undefined {
  if (!isStructured(value) || value.kind !== 'object') return undefined;
  switch (classOfValue(value)) {
    case 'DateTime.DateTime.DateTime':
      return momentOf(value.state);
    case 'datetime.datetime':
      return clockTimeOf(value.args[0]);
    default:
      return undefined;
  }
}

function momentOf(state: Value | undefined): string | undefined {
  const attributes = attributesOf(state);
  const [first] = isStructured(state) && state.kind === 'tuple' ? state.items : [];
  const micros = first ?? entryOf(attributes, '_micros');
  if (isNumber(micros)) return isoOf(Number(micros) / 1000);
  const seconds = entryOf(attributes, '_t');
  return isNumber(seconds) ? isoOf(Number(seconds) * 1000) : undefined;
}

function clockTimeOf(packed: Value | undefined): string | undefined {
  // Python 3 writes them as bytes; a str of Python 2 may be taken for text.
  const text = textOf(packed);
  const bytes = text === undefined ? packed : Buffer.from(text, 'utf8');
  if (!(bytes instanceof Uint8Array) || bytes.length !== 10) return undefined;
  const [high = 0, low = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = bytes;
  const millis = Date.UTC((high << 8) | low, (month & 0x7f) - 1, day, hour, minute, second);
  return isoOf(millis)?.slice(0, 19);
}

function isNumber(value: Value | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isoOf(millis: number): string | undefined {
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
