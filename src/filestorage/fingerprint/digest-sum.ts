import { digestNumber, type ObjectDigest } from './object-digest.ts';

const NUMBERS = 8;
const NUMBER_DIGITS = 8;
/** So many numbers of 32 bits add up to less than 2^53. */
const MOST_WITHOUT_CARRY = 2 ** 20;

/** A sum of digests of sha256, modulo 2^256. */
export class DigestSum {
  /** The last 32 bits first; each may have grown beyond them. */
  readonly #numbers = new Float64Array(NUMBERS);
  #count = 0;
  #untilCarry = MOST_WITHOUT_CARRY;

  /** How many were added. */
  get count(): number {
    return this.#count;
  }

  add(digest: ObjectDigest): void {
    const numbers = this.#numbers;
    for (let number = 0; number < NUMBERS; number++) {
      const bits = digestNumber(digest, NUMBERS - 1 - number);
      numbers[number] = (numbers[number] ?? 0) + bits;
    }
    this.#count += 1;
    this.#untilCarry -= 1;
    if (this.#untilCarry === 0) this.#carry();
  }

  /** In 64 hex digits. */
  hex(): string {
    this.#carry();
    return [...this.#numbers]
      .reverse()
      .map((number) => number.toString(16).padStart(NUMBER_DIGITS, '0'))
      .join('');
  }

  #carry(): void {
    const numbers = this.#numbers;
    let carried = 0;
    for (let number = 0; number < NUMBERS; number++) {
      const sum = (numbers[number] ?? 0) + carried;
      numbers[number] = sum % 2 ** 32;
      carried = Math.floor(sum / 2 ** 32);
    }
    this.#untilCarry = MOST_WITHOUT_CARRY;
  }
}
