import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../system/streams/cooperative.ts';
import { ReferenceGraph } from './reference-graph.ts';

/** Objects over several prefixes: the n-th has this high and this low part. */
const partsOf = (number: number) => [Math.floor(number / 4), (number % 4) * 20_000] as const;

/** Any bytes, so that sums go beyond 64 bits. */
const digestOf = (number: number) => {
  const digest = Buffer.alloc(32, 0xff);
  digest.writeUInt32BE(number * 7919, 4);
  return digest;
};

describe('graph of references', () => {
  it('reaches what can be reached from the root, through circles too, and nothing else', () => {
    const edges = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 31 });
    fc.assert(
      fc.property(edges, (targets) => {
        const graph = new ReferenceGraph(targets.length, { hasSums: true });
        for (const [owner, list] of targets.entries()) {
          graph.begin(...partsOf(owner), digestOf(owner).toString('latin1'));
          for (const target of list) graph.add(...partsOf(target));
          graph.end();
        }
        const expected = new Set(targets.length > 0 ? [0] : []);
        for (const object of expected) for (const next of targets[object] ?? []) expected.add(next);
        const reached = atOnce(graph.reachable());
        for (let object = 0; object <= 30; object++) {
          expect([object, reached.has(...partsOf(object))]).toEqual([object, expected.has(object)]);
        }
        expect(graph.isFull).toBe(false);
        const added = [...expected].filter((object) => object < targets.length);
        const sum = added.reduce((all, object) => all + digestOf(object).readBigUInt64BE(), 0n);
        expect(reached.count).toBe(added.length);
        expect(reached.sum).toBe(BigInt.asUintN(64, sum).toString(16).padStart(16, '0'));
      }),
    );
  });

  it('is full where oids lie as far apart as no server gives them out', () => {
    const graph = new ReferenceGraph(10);
    graph.begin(0, 0);
    for (let number = 0; number < 100_000 && !graph.isFull; number++) graph.add(number * 7, 0);
    graph.end();
    expect(graph.isFull).toBe(true);
  });
});
