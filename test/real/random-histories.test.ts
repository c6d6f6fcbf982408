import { join } from 'node:path';
import { expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { describeReal } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { beginLife } from '../support/site-life.ts';

const scratch = scratchFolder();
const SEED = Number(process.env['HISTORIES_SEED'] ?? 15);
const HISTORIES = Number(process.env['HISTORIES'] ?? 4);
const STEPS = 14;

describeReal('zodb', 'random history of the real ZODB', () => {
  it('is never taken for lost where it went on, and never for gone on where it was lost', async () => {
    console.info(`Random histories: HISTORIES_SEED=${SEED}`);
    const counts = new Map<string, number>();
    for (let number = 0; number < HISTORIES; number += 1) {
      const random = randomFrom(SEED + number);
      const life = beginLife(join(scratch, `${number}`), { random, isYoung: number % 2 === 1 });
      const lived: string[] = [];
      for (let step = 0; step < STEPS; step += 1) {
        const { happened, verdict, truth, said } = await life.goOn();
        lived.push(happened);
        const outcome = `${truth}: ${verdict}`;
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        const wrong = { lost: 'continued', continued: 'lost', either: 'neither' }[truth];
        const told = `history ${number} of seed ${SEED}: ${lived.join('; ')}\n${said}`;
        expect(verdict, told).not.toBe(wrong);
      }
      await life.site().runWell('verify', '--no-blobs');
    }
    console.info('Random histories:', Object.fromEntries([...counts].sort()));
  });
});
