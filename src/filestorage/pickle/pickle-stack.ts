import type { OperandReader } from './operand-reader.ts';
import { type PickleValue, plainValue } from './pickle-value.ts';
import { KEPT_ITEMS, weightOf } from './tuple-value.ts';
import { VALUE } from './value-kind.ts';

/**
 * Most values that are kept at once, and marks: 100 MB. No object has so many on its stack, and one with
 * a larger memo is one that the quick finder has followed.
 */
const MAXIMUM_KEPT = 1 << 20;

const NOTHING = plainValue(VALUE.OBJECT);

/**
 * A pickle's stack with its marks: what lies below the last mark can't be reached until the mark is gone.
 * It also counts what memo and lists keep, so that no pickle fills the memory.
 *
 * `at` is where the opcode stands, for faults. Failure `damaged`: a stack that is empty, has no mark, or
 * is too full.
 */
export class PickleStack {
  readonly #reader: OperandReader;
  #values: PickleValue[] = [];
  #marks: number[] = [];
  #isFull = false;
  /** Of what is on the stack, of what the memo has got, and of what lists have got. */
  #weight = 0;
  #keptWeight = 0;

  /** @param reader - words the faults, with their place */
  constructor(reader: OperandReader) {
    this.#reader = reader;
  }

  /** It has given up, as there were more values to keep than it keeps. */
  get isFull(): boolean {
    return this.#isFull;
  }

  get length(): number {
    return this.#values.length;
  }

  /** The place of the first value above the last mark. */
  get floor(): number {
    return this.#marks.at(-1) ?? 0;
  }

  /** Begins another pickle; what memo and lists keep stays. */
  clear(): void {
    this.#values = [];
    this.#weight = 0;
    this.#marks = [];
  }

  at(place: number): PickleValue | undefined {
    return this.#values[place];
  }

  /** All values from that place on. */
  from(start: number): PickleValue[] {
    return this.#values.slice(start);
  }

  push(value: PickleValue): void {
    this.#weight += weightOf(value);
    if (this.#weight > MAXIMUM_KEPT) throw this.#full();
    this.#values.push(value);
  }

  top(): PickleValue {
    const value = this.#values.at(-1);
    if (value === undefined || this.#values.length <= this.floor) throw this.#empty();
    return value;
  }

  pop(): PickleValue {
    const value = this.top();
    this.#values.pop();
    this.#weight -= weightOf(value);
    return value;
  }

  mark(at: number): void {
    if (this.#marks.length >= MAXIMUM_KEPT) throw this.#reader.fault(at, 'it has too many marks');
    this.#marks.push(this.#values.length);
  }

  /** Where the last mark stood, which is gone then. */
  popMark(at: number): number {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#reader.fault(at, 'there is no mark on its stack');
    return mark;
  }

  /** Takes all from `start` off the stack, and gives the first few. */
  take(start: number): PickleValue[] {
    const items = this.#values.slice(start, start + KEPT_ITEMS);
    this.cutTo(start);
    return items.map((item) => (item.kind === 'list' ? plainValue(VALUE.LIST) : item));
  }

  /** Takes all from `length` on off the stack. */
  cutTo(length: number): void {
    for (let place = this.#values.length - 1; place >= length; place--) {
      this.#weight -= weightOf(this.#values[place] ?? NOTHING);
    }
    this.#values.length = length;
  }

  /** Counts a value that memo or a list keeps from now on. */
  keep(value: PickleValue): void {
    this.#keptWeight += weightOf(value);
    if (this.#keptWeight > MAXIMUM_KEPT) throw this.#full();
  }

  #full(): Error {
    this.#isFull = true;
    return this.#reader.fault(
      this.#reader.offset - 1,
      `it keeps more than ${MAXIMUM_KEPT} values at once`,
    );
  }

  #empty(): Error {
    return this.#reader.fault(this.#reader.offset - 1, 'its stack is empty');
  }
}
