import { describe, expect, it } from 'vitest';
import { splitWords } from './words.ts';

describe('words', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['--no-l  -k', ['--no-l', '-k']],
    [`--exclude='a b' "c d"`, ['--exclude=a b', 'c d']],
    [`''`, ['']],
    [`a\\ b`, ['a b']],
    [`"a\\"b" 'a\\b'`, ['a"b', 'a\\b']],
    ['$HOME `x` ; * | >', ['$HOME', '`x`', ';', '*', '|', '>']],
    ['a\nb\tc', ['a', 'b', 'c']],
    ['a\\', ['a\\']],
  ])('of %j are %j', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it.each([`'a`, `"a`, `a"b'c`, `"a\\"`])('of %j are none: a quote is not closed', (text) => {
    expect(splitWords(text)).toBeUndefined();
  });
});
