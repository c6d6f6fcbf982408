import { describe, expect, it } from 'vitest';
import { linesOf } from './text-lines.ts';

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesIn(text: string, size: number): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(inChunks(Buffer.from(text), size))) lines.push(line);
  return lines;
}

describe('lines of a text', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['\n', ['']],
    ['a\n\nb', ['a', '', 'b']],
    ['日本\né\n', ['日本', 'é']],
  ])('of %j are the same in chunks of any size', async (text, lines) => {
    for (const size of [1, 2, 3, 7, 100]) expect(await linesIn(text, size)).toEqual(lines);
  });
});
