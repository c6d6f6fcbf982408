import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import type { DeepVerifiedPoint, DeepVerifySettings } from '../../operations/verify/verify-deep.ts';
import {
  type SiteDeepVerifySettings,
  verifySiteDeep,
} from '../../operations/verify/verify-site-deep.ts';
import { type Damage, damageIn } from '../format/damage-remedy.ts';
import { nameOfState } from '../format/moment-words.ts';
import { count } from '../format/units.ts';
import { nameOfOneStorage } from '../options/selected-repositories.ts';
import { shownOn } from '../render/events.ts';
import { deepPointAsJson } from '../render/json/findings.ts';
import type { VerifyResult } from '../render/json/results/verify.ts';
import { renderWarning, sentenceOf } from '../render/warnings/sentence.ts';
import type { CommandContext } from '../terminal/run-command.ts';

/** Verifies a site deeply, and shows what was found as it is found; gives how many problems, and what is damaged. */
export async function runDeepVerify(
  settings: SiteDeepVerifySettings,
  {
    sites,
    context: { terminal, signal, backups },
    result,
  }: {
    readonly sites: readonly Site[];
    readonly context: CommandContext;
    readonly result: VerifyResult;
  },
): Promise<{ readonly problems: number; readonly damage: readonly Damage[] }> {
  let problems = 0;
  const damage: Damage[] = [];
  const { site } = settings;
  const job = { ...shownOn(terminal), signal, backups };
  for await (const { place, point } of verifySiteDeep(settings, job)) {
    const { storage, kind } = place;
    const labels = { site: site.part, storage, kind };
    result.points.push({ ...labels, ...deepPointAsJson(point) });
    const name = nameOfOneStorage(storage, { site, sites });
    for (const finding of point.findings) {
      if (finding.kind === 'bad') problems += 1;
      if (terminal.isJson) continue;
      const found = { storage: name, stamp: point.stamp, finding };
      const warning = { kind: 'warning', code: 'bad-restore-point', ...found } as const;
      if (finding.kind === 'bad') renderWarning(warning, terminal);
      else terminal.log(`Note: ${sentenceOf(warning)}`);
    }
    damage.push(...damageIn(point));
    terminal.log(`Verified ${place.path}, ${describePoint(point, settings)}`);
  }
  result.problems += problems;
  return { problems, damage };
}

function describePoint(
  point: DeepVerifiedPoint,
  { sample }: Pick<DeepVerifySettings, 'sample'>,
): string {
  const problems = point.findings.filter(({ kind }) => kind === 'bad').length;
  const head = `${nameOfState(point)} (UTC): ${count(problems, 'problem')}`;
  if (point.counts === undefined) return head;
  const { transactions, records, objects, followed, blobs } = point.counts;
  const share = sample.kind === 'all' ? '' : `, references of ${followed} of them followed`;
  return `${head} in ${count(transactions, 'transaction')}, ${count(records, 'record')}, ${count(objects, 'object')}${share}, ${count(blobs, 'blob record')}`;
}

/** A share from a percentage: more than 0, at most 100, with or without the sign. */
export function parsePercentage(text: string): number {
  const value = /^\d{1,3}(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (value > 0 && value <= 100) return value / 100;
  throw new InvalidArgumentError('It is not a percentage of more than 0, at most 100.');
}

/** All objects, or a share of them: other ones in each run, so that in time all have their turn. */
export function sampleOf(share: number | undefined): DeepVerifySettings['sample'] {
  if (share === undefined || share === 1) return { kind: 'all' };
  return { kind: 'share', share, seed: Math.floor(Math.random() * 2 ** 31) };
}
