import { describe, expect, it } from 'vitest';
import { collect } from '../../../system/streams/pipeline.ts';
import { bandwidthOf, throttled } from './bandwidth.ts';

describe('bandwidth', () => {
  it('lets transfers together have what they may', async () => {
    const bandwidth = bandwidthOf(2_000_000);
    const began = performance.now();
    const contents = [Buffer.alloc(200_000, 'a'), Buffer.alloc(200_000, 'b')];
    const passed = await Promise.all(
      contents.map((content) => collect(throttled([content], bandwidth))),
    );
    expect(passed.map((content, number) => contents[number]?.equals(content))).toEqual([
      true,
      true,
    ]);
    // 400 kB but for the last piece, which goes when those before it have had their time.
    expect(performance.now() - began).toBeGreaterThan(150);
  });

  it('passes chunks on as they are where there is no limit', async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of throttled([Buffer.alloc(1_000_000)], undefined)) chunks.push(chunk);
    expect(chunks.length).toBe(1);
  });
});
