import { DOUBT, KIND_BITS, KIND_MASK, kindOf, OBJECT, REFERENCE, TUPLE } from './stack-number.ts';

/** Numbers of a tuple's row. */
const ROW = 6;
const [FIRST, SECOND, COUNT, EVEN, ODD, CLASS] = [0, 1, 2, 3, 4, 5];
const MAXIMUM_TUPLES = 1 << 22;
/** The children have several classes. */
const SEVERAL = -1;

/** The tuples of one pickle: of each what a state's rules need to know, in a row of numbers. */
export class TupleTable {
  #rows = new Int32Array(256 * ROW);
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  /** The tuple of what is on a stack between two places; {@link DOUBT} when there are too many. */
  add(stack: Int32Array, start: number, end: number): number {
    const number = this.#count;
    const row = number * ROW;
    if (row === this.#rows.length) {
      if (number === MAXIMUM_TUPLES) return DOUBT;
      const longer = new Int32Array(2 * row);
      longer.set(this.#rows);
      this.#rows = longer;
    }
    this.#count += 1;
    const rows = this.#rows;
    let even = 0;
    let odd = 0;
    let itsClass = 0;
    for (let place = start; place < end; place += 2) {
      const value = stack[place] ?? OBJECT;
      even |= 1 << (value & KIND_MASK);
      if ((value & KIND_MASK) !== REFERENCE) continue;
      const other = value >> KIND_BITS;
      if (place === start) itsClass = other;
      else if (other !== itsClass) itsClass = SEVERAL;
    }
    for (let place = start + 1; place < end; place += 2) odd |= kindOf(stack[place]);
    rows[row + FIRST] = start < end ? (stack[start] ?? OBJECT) : OBJECT;
    rows[row + SECOND] = start + 1 < end ? (stack[start + 1] ?? OBJECT) : OBJECT;
    rows[row + COUNT] = end - start;
    rows[row + EVEN] = even;
    rows[row + ODD] = odd;
    rows[row + CLASS] = itsClass;
    return (number << KIND_BITS) | TUPLE;
  }

  first(tuple: number): number {
    return this.#of(tuple, FIRST);
  }

  second(tuple: number): number {
    return this.#of(tuple, SECOND);
  }

  /** How many items it has. */
  size(tuple: number): number {
    return this.#of(tuple, COUNT);
  }

  /** Kinds of the items at 0, 2, 4, ... */
  even(tuple: number): number {
    return this.#of(tuple, EVEN);
  }

  /** Kinds of the others. */
  odd(tuple: number): number {
    return this.#of(tuple, ODD);
  }

  /** Where the class of the references at 0, 2, 4, ... stands; not above 0 if none or several are named. */
  classOfReferences(tuple: number): number {
    return this.#of(tuple, CLASS);
  }

  #of(tuple: number, column: number): number {
    return this.#rows[(tuple >> KIND_BITS) * ROW + column] ?? OBJECT;
  }
}
