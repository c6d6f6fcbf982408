import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openSite } from '../../src/site-library.ts';
import { growWorkload } from '../workload.ts';
import { type Bench, type Case, NODE_START, repositoryOptions, zodbvault } from './case.ts';

/** How many increments the long chain has, and the short one that it is held against. */
const INCREMENTS = { long: 1000, short: 10 } as const;
const SECONDS_PER_INCREMENT = 0.0003;
const COMMIT_BYTES = 20_000;
/** In milliseconds. */
const MINUTE = 60_000;

/** Makes both chains: a backup each minute, each after a small commit, as if they were made before now. */
export async function makeChains(bench: Bench): Promise<void> {
  for (const [name, count] of Object.entries(INCREMENTS)) {
    const dataFs = join(bench.folder, `${name}.fs`);
    await growWorkload(dataFs, { kind: 'text', bytes: COMMIT_BYTES });
    let at = Date.now() - (count + 1) * MINUTE;
    const location = join(bench.folder, name);
    const site = await openSite({
      folder: bench.folder,
      dataFs,
      location,
      now: () => new Date(at),
    });
    for (let made = 0; made <= count; made++) {
      await site.backUp();
      await growWorkload(dataFs, { kind: 'text', bytes: COMMIT_BYTES });
      at += MINUTE;
    }
    await site.backUp();
  }
}

/** What each command takes on the long chain, beside the same on the short one. */
export const CHAIN_CASES: readonly ((bench: Bench) => Case)[] = [
  chainCase('list', () => ['list']),
  chainCase('verify --quick', () => ['verify', '--quick']),
  chainCase('backup, nothing changed', (bench, chain) => [
    ...['backup', '--datafs', join(bench.folder, `${chain}.fs`)],
  ]),
  chainCase('restore --dry-run', (bench) => [
    ...['restore', '-n', '--dry-run', '--to', join(bench.folder, 'never')],
  ]),
];

/** The start of the command, and how it lists ten restore points. */
export const START_CASES: readonly ((bench: Bench) => Case)[] = [
  startCase('--version', 1.5, () => ['--version']),
  startCase('--help', 1.5, () => ['--help']),
  startCase('list of 11 restore points', 2.5, (bench) => [
    ...['list', ...repositoryOptions(bench, 'short')],
  ]),
];

function chainCase(
  job: string,
  words: (bench: Bench, chain: keyof typeof INCREMENTS) => readonly string[],
): (bench: Bench) => Case {
  return (bench) => {
    const trial = (chain: keyof typeof INCREMENTS, label: string) => ({
      ...zodbvault(bench, [...words(bench, chain), ...repositoryOptions(bench, chain)], label),
      prepare: () => rmSync(join(bench.folder, 'never'), { force: true }),
    });
    const peer = `${INCREMENTS.short} increments`;
    const moreSeconds = SECONDS_PER_INCREMENT * (INCREMENTS.long - INCREMENTS.short);
    return {
      job: `${job}, chain of ${INCREMENTS.long} increments`,
      ours: trial('long', 'zodbvault'),
      peers: [trial('short', peer)],
      bars: [{ peer, ratio: 1, moreSeconds }],
    };
  };
}

function startCase(
  job: string,
  ratio: number,
  words: (bench: Bench) => readonly string[],
): (bench: Bench) => Case {
  return (bench) => ({
    job,
    ours: zodbvault(bench, words(bench)),
    peers: [NODE_START],
    bars: [{ peer: NODE_START.label, ratio }],
  });
}
