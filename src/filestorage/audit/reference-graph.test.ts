import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../system/streams/cooperative.ts';
import { ReferenceGraph } from './reference-graph.ts';

/** Objects over several prefixes: the n-th has this high and this low part. */
const partsOf = (number: number) => [Math.floor(number / 4), (number % 4) * 20_000] as const;

describe('graph of references', () => {
  it('reaches what can be reached from the root, through circles too, and nothing else', () => {
    const edges = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 31 });
    fc.assert(
      fc.property(edges, (targets) => {
        const graph = new ReferenceGraph(targets.length);
        for (const [owner, list] of targets.entries()) {
          graph.begin(...partsOf(owner));
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
      }),
    );
  });
});
