import type { Command } from '@commander-js/extra-typings';
import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import { openCopy } from '../../operations/copies/copy-place.ts';
import { pushCopies } from '../../operations/copies/push-copies.ts';
import { rememberedCopies } from '../../operations/copies/remembered-copies.ts';
import { verifyCopy } from '../../operations/copies/verify-copy.ts';
import { Failure } from '../../system/failure.ts';
import { count, formatBytes } from '../format/units.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { inEachOf } from '../options/each-of.ts';
import { inEachSite } from '../options/for-each-site.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import { describeCopyFinding } from '../render/copy-findings.ts';
import { shownOn } from '../render/events.ts';
import { type CopyResult, findingsAsJson } from '../render/json/results/copy.ts';
import { FROM_OPTION, VERSIONS_OPTION } from '../select/copied-sites.ts';
import { findEachSite, withSiteOptions } from '../select/site-options.ts';
import { type CommandContext, runCommand } from '../terminal/run-command.ts';
import { writeCopy, writesOut } from './copied/write-copy.ts';

export function addCopyCommand(program: Command): void {
  const command = withSiteOptions(program.command('copy'))
    .addOption(FROM_OPTION)
    .addOption(VERSIONS_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[copy]', 'the name or the place of one copy of the site (default: all)')
    .option(
      '--verify',
      'copy nothing: read everything in the copy, and compare it with its checksums and with the backups that are here',
    )
    .option(
      '--begin-again',
      'with the name of one copy: copy everything to its place, though an earlier copy is gone from there, or the newest one is of another site',
    )
    .option(
      '--to <folder>',
      'with --from: write the backups of the copy to this folder, as they are on the machine of the site; repozo reads them, too',
    );
  withOutputOptions(command).action((named, options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, backups } = context;
      const result = terminal.document.result<CopyResult>({ copies: [] });
      if (writesOut(options, named)) return await writeCopy(options, { context, result });
      const { beginAgain = false } = options;
      if (beginAgain && (named === undefined || options.verify)) throw needsOneCopy();
      const selected = await findEachSite(options, { terminal, purpose: 'look', backups });
      const work = options.verify ? verifyOne : copyOne;
      const inSite = (site: Site) =>
        inEachOf(copiesMeant(site, named), {
          context,
          absence: 'error',
          nameOf: ({ name }) => ({ name, labels: { site: site.part } }),
          work: (copy) => work({ site, copy, beginAgain, context, result }),
        });
      return await inEachSite(selected, { context, work: inSite, absence: 'error' });
    }),
  );
}

/** Failure `usage` where the site has no such copy, or none at all. */
function copiesMeant({ copies = [], part }: Site, named: string | undefined) {
  const meant =
    named === undefined
      ? copies
      : copies.filter(({ name, url }) => name === named || url === named);
  if (meant.length > 0) return meant;
  const known = copies.map(({ name }) => `"${name}"`).join(', ');
  throw copies.length === 0
    ? new Failure('usage', `Cannot copy ${part}: it has no copies`, {
        hint: 'Name the places in its configuration: copies = ["/mnt/nas/site"].',
      })
    : new Failure('usage', `Cannot find the copy "${named}" of ${part}: it has ${known}`, {
        hint: 'Name one of these, or none for all of them.',
      });
}

function needsOneCopy(): Failure {
  return new Failure('usage', 'Cannot begin a copy again: it is not clear which one is meant', {
    hint: 'Name one copy: "zodbvault copy --begin-again NAME", without --verify.',
  });
}

interface CopyWork {
  readonly site: Site;
  readonly copy: CopySettings;
  readonly beginAgain: boolean;
  readonly context: CommandContext;
  readonly result: CopyResult;
}

async function copyOne({ site, copy, beginAgain, context, result }: CopyWork): Promise<undefined> {
  const { terminal, signal, backups } = context;
  const job = { ...shownOn(terminal), signal, backups };
  for await (const outcome of pushCopies({ site, copies: [copy], now, beginAgain }, job)) {
    if (outcome.kind === 'failed') throw outcome.failure;
    const { held, ...change } = outcome.result;
    result.copies.push({ ...labelsOf(site, copy), ...change });
  }
}

async function verifyOne({ site, copy, context, result }: CopyWork): Promise<number | undefined> {
  const { terminal, signal, backups } = context;
  const job = { ...shownOn(terminal), signal, backups };
  const known = await rememberedCopies(site, backups);
  const remembered = known.find((one) => one.copy.url === copy.url)?.state;
  const request = { site, copy, now, open: openCopy, remembered };
  const { findings, ...seen } = await verifyCopy(request, job);
  result.copies.push({
    ...labelsOf(site, copy),
    ...seen,
    problems: findingsAsJson(findings),
  });
  for (const finding of findings) {
    terminal.print(describeCopyFinding(finding), { bad: [finding.object] });
  }
  const { points, objects, bytes } = seen;
  const what = `${count(points, 'restore point')}, ${count(objects, 'object')}, ${formatBytes(bytes)}`;
  terminal.log(
    findings.length === 0
      ? `The copy ${copy.name} is intact: ${what}`
      : `The copy ${copy.name} has ${count(findings.length, 'problem')}: ${what}`,
  );
  return findings.length === 0 ? undefined : 1;
}

function labelsOf({ part }: Site, { name, url }: CopySettings) {
  return { site: part, copy: name, url };
}

const now = () => new Date();
