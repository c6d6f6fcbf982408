import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomFrom } from '../../src/demo/random.ts';
import { Failure, type FailureCode } from '../../src/system/failure.ts';
import { type InputForm, mutate } from './mutations.ts';

/** A decoder, and what it is fed with. */
export interface Target {
  readonly name: string;
  readonly form: InputForm;
  /** Healthy inputs; small ones, as a mutation of a large one changes little of it. */
  readonly seeds: readonly Uint8Array[];
  readonly dictionary: readonly string[];
  /** Share of all inputs that it gets, as a weight: less where one takes long. */
  readonly weight: number;
  /** Codes of failures that are an answer; any other failure is a fault. */
  readonly answers: readonly FailureCode[];
  /** Decodes. `random` chooses how: in which chunks, say. */
  readonly run: (input: Buffer, random: ReturnType<typeof randomFrom>) => unknown;
}

/** Something that no input may bring about. */
export interface Fault {
  readonly target: string;
  readonly seed: number;
  /** Which input; `corpus/NAME` for a kept one. */
  readonly input: string;
  readonly what: string;
}

/** No mutated input is longer. */
export const MAXIMUM_BYTES = 1 << 16;

const CORPUS = join(import.meta.dirname, 'seeds');

const known = new Map<string, ReadonlyMap<string, Buffer>>();

/** Inputs that once found a fault, by their names, which say what they showed. */
export function corpusOf(target: string): ReadonlyMap<string, Buffer> {
  const corpus = known.get(target) ?? readCorpus(join(CORPUS, target));
  known.set(target, corpus);
  return corpus;
}

function readCorpus(folder: string): ReadonlyMap<string, Buffer> {
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder).sort();
  } catch {
    // None has found one.
  }
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

/** The input with that number: the same for the same seed, whatever came before it. */
export function inputOf(
  target: Target,
  { seed, number }: { readonly seed: number; readonly number: number },
): Buffer {
  const random = randomFrom(mix(seed, number));
  const seeds = [...target.seeds, ...corpusOf(target.name).values()];
  const chosen = seeds[random.below(seeds.length)] ?? Buffer.alloc(0);
  return mutate(chosen, random, {
    form: target.form,
    dictionary: target.dictionary,
    others: seeds,
    maximumBytes: MAXIMUM_BYTES,
  });
}

/** What is wrong with how an input was taken; undefined where nothing is. */
export async function tryInput(
  target: Target,
  { input, random }: { readonly input: Buffer; readonly random: ReturnType<typeof randomFrom> },
): Promise<string | undefined> {
  try {
    // Most are synchronous: an await of each would cost more than they do.
    const result = target.run(input, random);
    if (result instanceof Promise) await result;
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) return error instanceof Error ? error.stack : String(error);
    if (target.answers.includes(error.code)) return undefined;
    return `failure with the code ${error.code}: ${error.message}`;
  }
}

export function mix(seed: number, number: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
