import type { Random } from '../../src/demo/random.ts';

/** What inputs of a target consist of: it decides which mutations make sense. */
export type InputForm = 'bytes' | 'text';

/** What mutations are made with. */
export interface MutationWords {
  readonly form: InputForm;
  /** Words that mean something to the decoder. */
  readonly dictionary: readonly string[];
  /** Other inputs, of which pieces are spliced in. */
  readonly others: readonly Uint8Array[];
  /** No input becomes longer. */
  readonly maximumBytes: number;
}

type Mutation = (input: Buffer, random: Random, words: MutationWords) => Buffer;

/** Most mutations that are made of one input. */
const MAXIMUM_MUTATIONS = 6;

/** An input like another one, changed in one place or a few. */
export function mutate(seed: Uint8Array, random: Random, words: MutationWords): Buffer {
  const mutations = words.form === 'text' ? OF_TEXT : OF_BYTES;
  let input: Buffer = Buffer.from(seed);
  const count = 1 + random.below(MAXIMUM_MUTATIONS);
  for (let number = 0; number < count; number++) {
    input = random.pick(mutations)(input, random, words);
    if (input.length > words.maximumBytes) input = input.subarray(0, words.maximumBytes);
  }
  return input;
}

const flipBit: Mutation = (input, random) => {
  if (input.length === 0) return input;
  const place = random.below(input.length);
  input[place] = (input[place] ?? 0) ^ (1 << random.below(8));
  return input;
};

const changeByte: Mutation = (input, random) => {
  if (input.length > 0) input[random.below(input.length)] = random.below(256);
  return input;
};

const cutOff: Mutation = (input, random) => input.subarray(0, random.below(input.length + 1));

const remove: Mutation = (input, random) => {
  const { start, end } = someRange(input, random);
  return Buffer.concat([input.subarray(0, start), input.subarray(end)]);
};

const duplicate: Mutation = (input, random) => {
  const { start, end } = someRange(input, random);
  const times = 1 + random.below(random.below(8) === 0 ? 64 : 2);
  const block = input.subarray(start, end);
  return insert(input, random.below(input.length + 1), Buffer.concat(Array(times).fill(block)));
};

const splice: Mutation = (input, random, { others }) => {
  const other = Buffer.from(others[random.below(others.length)] ?? input);
  const { start, end } = someRange(other, random);
  const block = other.subarray(start, end);
  const place = random.below(input.length + 1);
  if (random.below(2) === 0) return insert(input, place, block);
  block.copy(input, place);
  return input;
};

const insertBytes: Mutation = (input, random) =>
  insert(input, random.below(input.length + 1), random.bytes(1 + random.below(12)));

const insertRun: Mutation = (input, random) => {
  const byte = random.below(3) === 0 ? random.below(256) : (input[random.below(input.length)] ?? 0);
  return insert(input, random.below(input.length + 1), Buffer.alloc(someLength(random), byte));
};

/** The edges of what signed and unsigned integers, and doubles, can hold. */
const INTEGERS: readonly bigint[] = [0, 7, 8, 15, 16, 31, 32, 47, 48, 53, 63, 64].flatMap((power) =>
  [-1n, 0n, 1n].flatMap((off) => [2n ** BigInt(power) + off, -(2n ** BigInt(power))]),
);

const writeInteger: Mutation = (input, random) => {
  const width = random.pick([1, 2, 4, 8]);
  if (input.length < width) return input;
  const value = BigInt.asUintN(8 * width, INTEGERS[random.below(INTEGERS.length)] ?? 0n);
  const place = random.below(input.length - width + 1);
  const bytes = Buffer.from(value.toString(16).padStart(2 * width, '0'), 'hex');
  if (random.below(2) === 0) bytes.reverse();
  bytes.copy(input, place);
  return input;
};

const insertWord: Mutation = (input, random, { dictionary }) => {
  const word = Buffer.from(dictionary[random.below(dictionary.length)] ?? '', 'latin1');
  const place = random.below(input.length + 1);
  if (random.below(2) === 0) return insert(input, place, word);
  word.copy(input, place);
  return input;
};

/** So often that what goes one level deeper for each of them runs out of levels. */
const repeatWord: Mutation = (input, random, { dictionary }) => {
  const word = Buffer.from(dictionary[random.below(dictionary.length)] ?? '', 'latin1');
  const times = Math.ceil(someLength(random) / Math.max(1, word.length));
  return insert(
    input,
    random.below(input.length + 1),
    Buffer.concat(Array<Buffer>(times).fill(word)),
  );
};

/** A number in the text becomes another one. */
const changeNumber: Mutation = (input, random) => {
  const text = input.toString('latin1');
  const numbers = [...text.matchAll(/\d+/g)];
  const match = numbers[random.below(numbers.length)];
  if (match === undefined) return input;
  const value = String(INTEGERS[random.below(INTEGERS.length)] ?? 0n);
  const rest = text.slice(match.index + match[0].length);
  return Buffer.from(text.slice(0, match.index) + value + rest, 'latin1');
};

const moveLine: Mutation = (input, random) => {
  const lines = input.toString('latin1').split('\n');
  const [line = ''] = lines.splice(random.below(lines.length), 1);
  const copies = random.pick([0, 1, 1, 2, 40]);
  lines.splice(random.below(lines.length + 1), 0, ...Array<string>(copies).fill(line));
  return Buffer.from(lines.join('\n'), 'latin1');
};

const indentLine: Mutation = (input, random) => {
  const lines = input.toString('latin1').split('\n');
  const row = random.below(lines.length);
  lines[row] = random.pick(['  ', '\t', '#', '', '\u00a0']) + (lines[row] ?? '').trimStart();
  return Buffer.from(lines.join('\n'), 'latin1');
};

/** Those for whatever form. */
const PLAIN = [
  ...([flipBit, changeByte, cutOff, remove, duplicate, splice] as const),
  ...([insertBytes, insertRun, insertWord, repeatWord] as const),
] as const satisfies readonly Mutation[];
const OF_BYTES = [...PLAIN, writeInteger, writeInteger, writeInteger, insertWord] as const;
const OF_TEXT = [
  ...PLAIN,
  ...([insertWord, insertWord, changeNumber, changeNumber, moveLine, indentLine] as const),
] as const;

/** Mostly short, now and then as long as an input may be. */
function someLength(random: Random): number {
  return 1 + random.below(random.below(16) === 0 ? 60_000 : 300);
}

function insert(input: Buffer, place: number, block: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, place), block, input.subarray(place)]);
}

/** Mostly short: long ones leave little of an input. */
function someRange(input: Uint8Array, random: Random): { start: number; end: number } {
  const start = random.below(input.length + 1);
  const limit = random.below(4) === 0 ? input.length : 32;
  return { start, end: Math.min(input.length, start + 1 + random.below(limit)) };
}
