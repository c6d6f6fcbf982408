import { Option } from '@commander-js/extra-typings';
import {
  type CheckedSeal,
  checkSeal,
  type KeptLine,
  readKeptLine,
} from '../../../operations/copies/check-seal.ts';
import type { CopyFinding } from '../../../operations/copies/copy-findings.ts';
import { openSiteIn } from '../../../operations/from-copy/open-copy.ts';
import { Failure } from '../../../system/failure.ts';
import { count, formatUtcMoment } from '../../format/units.ts';
import { inEachOf } from '../../options/each-of.ts';
import { describeCopyFinding } from '../../render/copy-findings.ts';
import { sealAsJson, type VerifyResult } from '../../render/json/results/verify.ts';
import { timeOfVersions } from '../../select/copied-sites.ts';
import { findMeantCopies, type MeantCopy } from '../../select/site-options.ts';
import type { SiteSelection } from '../../select/site-selection.ts';
import type { CommandContext } from '../../terminal/run-command.ts';
import type { Terminal } from '../../terminal/terminal.ts';

export const SEAL_OPTION = new Option(
  '--seal [line]',
  'with --from: check only that nobody has taken a restore point out of the copy, or put one in; compare it with a line that an earlier check has printed',
).conflicts(['deep', 'quick', 'newest', 'all', 'sample', 'chain', 'kind', 'blobs']);

/** Checks the records of a copy against each other, and a line; prints the next line, for whoever keeps it elsewhere. */
export async function verifySeal(
  {
    seal,
    moment,
    ...selection
  }: SiteSelection & { readonly seal: string | true; readonly moment: string | undefined },
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const line = seal === true ? undefined : readKeptLine(seal);
  const { from } = selection;
  if (from === undefined || moment !== undefined) throw notHere(from);
  const nothing = { problems: 0, files: [], points: [], seals: [] };
  const result = terminal.document.result<VerifyResult>(nothing);
  const beforeMs = timeOfVersions(selection, terminal);
  const found = await findMeantCopies({ ...selection, from }, { ...context, purpose: 'look' });
  return await inEachOf(copiesOf(line, found), {
    context,
    absence: 'error',
    nameOf: ({ site = from }) => ({ name: site, labels: { site } }),
    work: async ({ url, site, access }) => {
      const opened = await openSiteIn(url, { name: site, access, beforeMs });
      await using objects = opened.objects;
      const { name } = opened;
      const checked = await checkSeal(objects, { name, line });
      result.problems += checked.findings.length;
      result.seals?.push(sealAsJson(name, checked));
      for (const one of checked.findings)
        terminal.print(describeCopyFinding(one), { bad: [one.object] });
      if (checked.findings.some(({ state }) => OF_LINE.includes(state)))
        terminal.hint(
          'Each copy of a site has lines of its own: give the line that a check of this copy has printed. If it is that one, remove nothing here, and see who could write to the place.',
        );
      return checked.findings.length > 0 ? 1 : say(name, checked, terminal);
    },
  });
}

/** What a line of another copy shows, too. */
const OF_LINE: readonly CopyFinding['state'][] = [
  'other-than-line',
  'ends-before-line',
  'more-than-line',
];

function notHere(from: string | undefined): Failure {
  return from === undefined
    ? new Failure('usage', 'Cannot use --seal here: it goes with --from', {
        hint: 'Name the copy with --from: its name, or a URL or path.',
      })
    : new Failure('usage', 'Cannot use a date together with --seal', {
        hint: 'A seal is of all restore points in a copy. Leave out the date.',
      });
}

/** Those of the site that a line is of. Failure `usage` where there is none. */
function copiesOf(line: KeptLine | undefined, found: readonly MeantCopy[]): readonly MeantCopy[] {
  if (line === undefined) return found;
  const { site } = line;
  const own = found.filter((one) => one.site === undefined || one.site === site);
  if (own.length > 0) return own.map((one) => ({ ...one, site }));
  const others = found.map((one) => `"${one.site}"`).join(', ');
  throw new Failure('usage', `Cannot compare the copy of ${others} with a line of "${site}"`, {
    hint: 'Give a line of the same site.',
  });
}

/** Nothing is wrong: what has changed, and the line for the next time. */
function say(name: string, { points, since, line }: CheckedSeal, terminal: Terminal): undefined {
  const there = count(points, 'restore point');
  terminal.print(`The seal of ${name} is whole: ${there}, each with the one before it`);
  if (since !== undefined) {
    const { came, removed } = since;
    terminal.print(`Since that line, ${count(came, 'restore point')} came, ${removed.length} went`);
    for (const { name: point, removedAt } of removed) {
      const { storage, kind } = point.place;
      const what = `${storage}-${kind} ${point.stamp}`;
      terminal.print(`${what} was removed at ${formatUtcMoment(removedAt)}`);
    }
  }
  if (line === undefined) return;
  terminal.print('Keep this line elsewhere, for the next check:');
  terminal.print(line);
}
