import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../system/failure.ts';
import { frameMessage, MessageReader } from './framing.ts';

describe('reader of messages', () => {
  it('gives those that were framed, whatever the chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 })),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (messages, sizes) => {
          const wire = Buffer.concat(messages.map(frameMessage));
          const reader = new MessageReader();
          const found: Buffer[] = [];
          for (let start = 0, turn = 0; start < wire.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1;
            found.push(...reader.feed(wire.subarray(start, start + size)));
            start += size;
          }
          expect(found).toEqual(messages.map((one) => Buffer.from(one)));
        },
      ),
    );
  });

  it('refuses one of more than 64 MiB before it is there', () => {
    const length = Buffer.from([0x04, 0x00, 0x00, 0x01]);
    expect(() => [...new MessageReader().feed(length)]).toThrow(Failure);
    expect([...new MessageReader().feed(Buffer.from([0x04, 0, 0, 0]))]).toEqual([]);
  });
});
