import { endianness, platform } from 'node:os';
import { Failure } from '../../system/failure.ts';

const MAXIMUM_DEPTH = 100;

/** Where a condition stands. */
interface Position {
  readonly file: string;
  readonly line: number;
}

/**
 * Whether the condition of `[section:condition]` holds here. Buildout takes any Python expression;
 * those that people write are names of platforms and Pythons, joined by `and`, `or`, `not` and
 * parentheses. Buildout runs on Python 3, in CPython. Failure `usage` for any other expression: a
 * guess would be a section more or less. So is one with more parentheses than anybody writes.
 */
export function holds(condition: string, place: Position): boolean {
  const words = condition.match(/[A-Za-z_]\w*|[()]|\S/g) ?? [];
  let next = 0;
  let depth = 0;
  const refuse = (): never => {
    throw new Failure(
      'usage',
      `Cannot read "${place.file}": the condition "${condition}" in line ${place.line} is not understood`,
      { hint: 'Understood are names such as linux or python3, with and, or, not and parentheses.' },
    );
  };
  const either = (): boolean => {
    let result = both();
    while (words[next] === 'or') {
      next += 1;
      const other = both();
      result = result || other;
    }
    return result;
  };
  const both = (): boolean => {
    let result = single();
    while (words[next] === 'and') {
      next += 1;
      const other = single();
      result = result && other;
    }
    return result;
  };
  const single = (): boolean => {
    let isNegated = false;
    for (; words[next] === 'not'; next++) isNegated = !isNegated;
    return operand() !== isNegated;
  };
  const operand = (): boolean => {
    const word = words[next++];
    if (word === '(') {
      depth += 1;
      if (depth > MAXIMUM_DEPTH) return refuse();
      const result = either();
      depth -= 1;
      return words[next++] === ')' ? result : refuse();
    }
    return TRUTHS.get(word ?? '') ?? refuse();
  };
  const result = either();
  return next === words.length ? result : refuse();
}

const here = platform();
const isOn = (...platforms: readonly string[]) => platforms.includes(here);

/** Buildout's names for what runs it. */
const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ['True', true],
  ['False', false],
  ['python2', false],
  ['python3', true],
  ...['python24', 'python25', 'python26', 'python27'].map((name) => [name, false] as const),
  ['cpython', true],
  ['pypy', false],
  ['jython', false],
  ['ironpython', false],
  ['posix', !isOn('win32')],
  ['linux', isOn('linux')],
  ['macosx', isOn('darwin')],
  ['windows', isOn('win32')],
  ['cygwin', isOn('cygwin')],
  ['solaris', isOn('sunos')],
  ['bits32', false],
  ['bits64', true],
  ['little_endian', endianness() === 'LE'],
  ['big_endian', endianness() === 'BE'],
]);
