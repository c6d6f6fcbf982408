import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DigestSum } from './digest-sum.ts';

const digest = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.constant(new Uint8Array(32).fill(0xff)),
  fc.constant(new Uint8Array(32)),
);

it('adds up digests modulo 2^256', () => {
  fc.assert(
    fc.property(fc.array(digest), (digests) => {
      const sum = new DigestSum();
      let expected = 0n;
      for (const one of digests) {
        sum.add(Buffer.from(one).toString('latin1'));
        expected += BigInt(`0x${Buffer.from(one).toString('hex')}`);
      }
      expect(sum.hex()).toBe(BigInt.asUintN(256, expected).toString(16).padStart(64, '0'));
      expect(sum.count).toBe(digests.length);
    }),
  );
});

it('carries before a number is too large', () => {
  const sum = new DigestSum();
  const largest = '\xff'.repeat(32);
  const count = 2 ** 21 + 3;
  for (let added = 0; added < count; added++) sum.add(largest);
  const expected = BigInt.asUintN(256, BigInt(count) * (2n ** 256n - 1n));
  expect(sum.hex()).toBe(expected.toString(16).padStart(64, '0'));
});
