import { type Command, Option } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import type { BlobFinding } from '../../operations/verify/blob-finding.ts';
import { type VerifiedPlace, verifySite } from '../../operations/verify/verify-site.ts';
import { isIndexFileName } from '../../repository/layout/file-names.ts';
import type { Finding } from '../../repository/verify-repository.ts';
import { Failure } from '../../system/failure.ts';
import { type Damage, damageOf, damageOfBlobs, describeRemedy } from '../format/damage-remedy.ts';
import { count } from '../format/units.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { inEachSite } from '../options/for-each-site.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import { nameOfOneStorage } from '../options/selected-repositories.ts';
import { CHAIN_OPTION, MOMENT_ARGUMENT, readTarget } from '../options/written-date.ts';
import { shownOn } from '../render/events.ts';
import { fileAsJson, type VerifyResult } from '../render/json/results/verify.ts';
import { CHECKED } from '../render/problems.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import { FROM_OPTION, VERSIONS_OPTION } from '../select/copied-sites.ts';
import {
  ALL_OF_COPY,
  ANY_KIND_OPTION,
  findEachSite,
  withSiteOptions,
} from '../select/site-options.ts';
import { runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { SEAL_OPTION, verifySeal } from './copied/verify-seal.ts';
import { parsePercentage, runDeepVerify, sampleOf } from './verify-deep.ts';

export function addVerifyCommand(program: Command): void {
  const command = withSiteOptions(program.command('verify'))
    .addOption(FROM_OPTION)
    .addOption(VERSIONS_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[moment]', `with --deep, ${MOMENT_ARGUMENT}`)
    .addOption(CHAIN_OPTION)
    .addOption(ANY_KIND_OPTION)
    .addOption(
      new Option('--quick', 'check only that the files exist and have the right sizes').default(
        false,
        'no',
      ),
    )
    .option('--no-quick', 'check every byte against the checksums (default)')
    .option('--newest', 'check only the newest full backup and its increments')
    .addOption(SEAL_OPTION)
    .addOption(
      new Option(
        '--deep',
        'read one restore point (the newest, or the one of the date) and check the database in it; of encrypted records, only the checksums',
      ).conflicts(['quick', 'newest']),
    )
    .option('--all', 'with --deep: check every restore point')
    .addOption(
      new Option(
        '--sample <percent>',
        'with --deep: follow the references of only this share of the objects; list and check do not count that as a verification',
      ).argParser(parsePercentage),
    );
  withOutputOptions(command).action((date, options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, signal, backups } = context;
      const { seal } = options;
      if (seal !== undefined) return await verifySeal({ ...options, seal, moment: date }, context);
      const result = terminal.document.result<VerifyResult>({ problems: 0, files: [], points: [] });
      const deep = deepOptions(date, options, terminal);
      const wanted = { ...ALL_OF_COPY, hasEachBlob: deep === undefined };
      const selected = await findEachSite(options, { terminal, purpose: 'look', backups, wanted });
      const { sites } = selected;
      const damage: Damage[] = [];
      const verifyOne = async (site: Site) => {
        if (deep !== undefined) {
          const settings = { site, kind: options.kind, ...deep, now: () => new Date() };
          const found = await runDeepVerify(settings, { sites, context, result });
          damage.push(...found.damage);
          return found.problems > 0 ? 1 : 0;
        }
        const places = await verifySite(
          {
            site,
            kind: options.kind,
            depth: options.quick ? 'quick' : 'thorough',
            chains: options.newest ? 'newest' : 'all',
            now: () => new Date(),
          },
          { ...shownOn(terminal), signal, backups },
        );
        const before = damage.length;
        for (const place of places) {
          report(place, { site, sites, terminal, result });
          const { findings, blobFindings } = place;
          damage.push(...findings.filter(isBad).map(({ name }) => damageOf(name)));
          damage.push(...blobFindings.filter(isBad).map(({ name }) => damageOfBlobs(name)));
        }
        result.problems += damage.length - before;
        return damage.length > before ? 1 : 0;
      };
      const work = { context, work: verifyOne, absence: 'error' } as const;
      const status = await inEachSite(selected, work);
      if (damage.length > 0) terminal.hint(describeRemedy(damage, options.from));
      return status;
    }),
  );
}

type AnyFinding = Finding | BlobFinding;

function report(
  { place, findings, blobFindings }: VerifiedPlace,
  {
    terminal,
    result,
    ...among
  }: {
    readonly terminal: Terminal;
    readonly result: VerifyResult;
    readonly site: Site;
    readonly sites: readonly Site[];
  },
): void {
  const storage = nameOfOneStorage(place.storage, among);
  const where = storage === undefined ? '' : `${storage}: `;
  const labels = { site: among.site.part, storage: place.storage, kind: place.kind };
  for (const finding of [...findings, ...blobFindings]) {
    result.files.push({ ...labels, ...fileAsJson(finding) });
    if (finding.kind === 'good')
      terminal.debug(`good: ${where}${finding.name} (${CHECKED[finding.checked]})`);
    else if (!terminal.isJson) {
      const { name, problem } = finding;
      renderWarning({ kind: 'warning', code: 'bad-backup', storage, name, problem }, terminal);
    }
  }
  const { repository, blobs } = place;
  const sum = (folder: string, found: readonly AnyFinding[], noun: string) => {
    const bad = found.filter(isBad);
    const problems = bad.filter(({ name }) => !isIndexFileName(name)).length;
    const good = found.filter(({ kind, name }) => kind === 'good' && !isState(name)).length;
    terminal.log(
      `Verified ${folder}: ${count(good, noun)} intact, ${problems === 0 ? 'none' : problems} damaged`,
    );
  };
  if (repository !== undefined) sum(repository, findings, 'backup');
  if (blobs !== undefined) sum(blobs.folder, blobFindings, 'blob backup');
}

function isBad({ kind }: AnyFinding): boolean {
  return kind === 'bad';
}

/** What tar remembers of a chain of archives is checked, but no backup. */
function isState(name: string): boolean {
  return name.endsWith('.snar');
}

/** What is to be verified deeply; undefined: nothing. Failure `usage` for words that don't fit. */
function deepOptions(
  date: string | undefined,
  {
    deep,
    all,
    sample,
    chain,
  }: {
    readonly deep?: true | undefined;
    readonly all?: true | undefined;
    readonly sample?: number | undefined;
    readonly chain?: string | undefined;
  },
  terminal: Terminal,
) {
  if (!deep) {
    const said = [all && '--all', sample && '--sample', chain && '--chain'].find(Boolean);
    const word = date !== undefined ? 'a date' : said;
    if (word === undefined) return undefined;
    throw new Failure('usage', `Cannot use ${word} here: it goes with --deep`, {
      hint: 'Without --deep, verify checks every backup.',
    });
  }
  if (all && (date ?? chain) !== undefined) {
    throw new Failure('usage', 'Cannot use --all together with a date', {
      hint: 'Name a date for one restore point, or --all for every one.',
    });
  }
  const one = { kind: 'one', target: readTarget(date, { terminal, chain }) } as const;
  const points = all ? ({ kind: 'all' } as const) : one;
  return { points, sample: sampleOf(sample) };
}
