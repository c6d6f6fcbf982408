import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../../test/support/outcome.ts';
import { memorySource } from '../../files/byte-source.ts';
import { BLOCK_BYTES, type BlockRing, ringOf } from './block-ring.ts';
import { readBlocks } from './blocks.ts';
import { CHECKSUM } from './checksum.ts';
import { TakerThread } from './taker-thread.ts';

const BYTES = randomBytes(25 * BLOCK_BYTES + 5);
const WHOLE = { start: 0, end: BYTES.length };
const SHA256 = createHash('sha256').update(BYTES).digest('hex');
const CODE = join(import.meta.dirname, '../../../../dist/cli/worker.js');

/** Takes all bytes in the thread of the built program, or in one that does what is given for each message. */
async function takeAll(onMessage?: string): Promise<{
  readonly outcome: unknown;
  readonly heldCount: number | undefined;
  readonly worker: Worker;
}> {
  let worker: Worker | undefined;
  let ring: BlockRing | undefined;
  const start = (job: object) => {
    const code = `const { parentPort } = require('node:worker_threads');
      let count = 0;
      const good = 'a'.repeat(64);
      parentPort.on('message', (block) => { count += 1; ${onMessage} });`;
    worker =
      onMessage === undefined
        ? new Worker(CODE, { workerData: { kind: 'zodbvault-job', ...job } })
        : new Worker(code, { eval: true });
    return worker;
  };
  const work = async () => {
    await using thread = TakerThread.start(
      { kind: CHECKSUM, settings: 'sha256' },
      { start, lookEveryMs: 20 },
    );
    for await (const block of readBlocks(memorySource(BYTES), WHOLE)) {
      ring = ringOf(block);
      thread.take(block);
    }
    return await thread.result();
  };
  const outcome = await outcomeOf(work);
  if (worker === undefined) throw new TypeError('no thread was started');
  return { outcome, heldCount: ring?.heldCount, worker };
}

describe('a taker in a thread', () => {
  it('has the same result as here', async () => {
    const { outcome, heldCount } = await takeAll();
    expect(outcome).toEqual({ kind: 'result', result: SHA256 });
    expect(heldCount).toBe(0);
  });

  const ANSWER = 'parentPort.postMessage(block === null ? good : block.length)';

  it.each([
    ['dies at once', "throw new Error('out of luck')"],
    ['dies in the middle', `if (count === 20) throw new Error('out of luck'); ${ANSWER}`],
    ['ends at once', 'process.exit()'],
    ['ends in the middle', `if (count === 20) process.exit(); ${ANSWER}`],
    ['ends in front of its result', `if (block === null) process.exit(); ${ANSWER}`],
    ['never answers', ''],
    ['does not answer any more', `if (count < 20) ${ANSWER}`],
    ['is busy for ever', `for (; count >= 20;); ${ANSWER}`],
    ['has no result', `if (block !== null) ${ANSWER}`],
    ['took less than it was given', 'parentPort.postMessage(block === null ? good : 5)'],
    ['answers before it is asked', `parentPort.postMessage(good); ${ANSWER}`],
    ['has a result that is none', `${ANSWER.replace('good', "'A'.repeat(64)")}`],
    ['has a result of another kind', `${ANSWER.replace('good', '{ result: good }')}`],
    ['sends what cannot be read', 'parentPort.postMessage(undefined)'],
  ])('is a failure where it %s, and nothing waits for it', async (_, onMessage) => {
    const { outcome, heldCount, worker } = await takeAll(onMessage);
    expect(outcome).toMatchObject({ code: 'system' });
    expect(heldCount).toBe(0);
    expect(worker.threadId).toBe(-1);
  });

  it('is ended when it is not needed any more', async () => {
    let ended: Promise<unknown> | undefined;
    const start = () => {
      const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
      ended = once(worker, 'exit');
      return worker;
    };
    {
      await using _thread = TakerThread.start({ kind: CHECKSUM, settings: 'md5' }, { start });
    }
    await ended;
  });

  it('refuses bytes that it could not share', async () => {
    const start = () => new Worker('setInterval(() => {}, 1000)', { eval: true });
    await using thread = TakerThread.start({ kind: CHECKSUM, settings: 'md5' }, { start });
    expect(() => thread.take(Buffer.alloc(10))).toThrow(TypeError);
  });
});
