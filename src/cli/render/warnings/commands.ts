import type { BlobProblem } from '../../../operations/verify/blob-finding.ts';
import type { DeepFinding } from '../../../operations/verify/verify-deep.ts';
import type { RepositoryProblem } from '../../../repository/problem.ts';
import { quoteWord } from '../../../system/processes/shell.ts';
import { count } from '../../format/units.ts';
import { describeDeepFinding, describeState } from '../deep-findings.ts';
import { describeSiteFault } from '../judgements.ts';
import { describeBadBackup, describeProblem } from '../problems.ts';

/** What commands themselves notice. The values of an example are of the types that those of its code have. */
export const COMMAND_WARNINGS = {
  'open-to-others': text(
    { kind: 'advice', code: 'open-to-others', address: '0.0.0.0:8100' },
    ({ address }) =>
      `everybody who reaches ${address} can read all of the site, private content and the hashes of passwords, too: the protocol of ZEO has no login`,
  ),
  'copy-head-unreadable': text(
    { kind: 'warning', code: 'copy-head-unreadable', site: 'plone', place: 's3://backups' },
    ({ site, place }) =>
      `zodbvault cannot read what "${site}" has in "${place}": it is damaged, or a later version wrote it. "zodbvault list --from" with the name of the site shows its restore points`,
  ),
  'copy-acts-outside': text(
    {
      kind: 'notice',
      code: 'copy-acts-outside',
      found: of<readonly string[]>(['solr', 'clock-server']),
    },
    ({ found }) => {
      const named = found.length === 0 ? '' : ` Its zope.conf names ${found.join(', ')}.`;
      return `this is a whole site. Work in it sends real mail, and changes real services, such as Solr or a queue.${named} Clock servers do not run in it`;
    },
  ),
  'copy-without-values': text(
    {
      kind: 'notice',
      code: 'copy-without-values',
      keys: of<readonly string[]>(['debug-mode', 'verbose-security']),
    },
    ({ keys }) =>
      `the zope.conf of the copy has no ${keys.join(', ')}. Their values come from variables of the environment that are not set here`,
  ),
  'part-of-cfg-unread': text(
    {
      kind: 'notice',
      code: 'part-of-cfg-unread',
      address: 'https://plone.example/versions.cfg',
      reason: 'it is not in the cache',
    },
    ({ address, reason }) =>
      `zodbvault could not read ${address} (${reason}), and works without it`,
  ),
  'option-of-buildout': text(
    { kind: 'advice', code: 'option-of-buildout', option: 'keep', value: '3' },
    ({ option, value }) =>
      `${option}=${value} sets an option of [buildout], which no backup reads; write PART:${option}=${value}, as in backup:${option}=${value}`,
  ),
  'no-backup-part': text(
    { kind: 'warning', code: 'no-backup-part', buildout: '/srv/site/buildout.cfg' },
    ({ buildout }) => `no part in "${buildout}" has "recipe = collective.recipe.backup"`,
  ),
  'program-of-npx': text(
    {
      kind: 'warning',
      code: 'program-of-npx',
      caller: 'these jobs',
      command: '/home/plone/.npm/_npx/5f2c/node_modules/zodbvault/dist/cli/main.js',
    },
    ({ caller, command }) =>
      `${caller} call "${command}", which npx may remove at any time; install zodbvault for good (npm install --global zodbvault), then run this command again`,
  ),
  'program-of-uvx': text(
    {
      kind: 'warning',
      code: 'program-of-uvx',
      caller: 'these jobs',
      command: '/home/plone/.cache/uv/archive-v0/5f2c/bin/zodbvault',
    },
    ({ caller, command }) =>
      `${caller} call "${command}", which uv may remove at any time; install zodbvault for good (uv tool install zodbvault), then run this command again`,
  ),
  'scripts-put-back-next': text(
    { kind: 'advice', code: 'scripts-put-back-next', part: 'backup' },
    ({ part }) =>
      `[${part}]: the next bin/buildout puts back the scripts of the Python recipe, because "parts" of [buildout] lists "${part}". Remove it from that list, run bin/buildout, and then "zodbvault install"`,
  ),
  'scripts-removed-next': text(
    { kind: 'advice', code: 'scripts-removed-next', part: 'backup' },
    ({ part }) =>
      `[${part}]: the next bin/buildout removes these scripts once, because its last run made them. Run "zodbvault install" after it`,
  ),
  'scripts-overwritten': text(
    {
      kind: 'advice',
      code: 'scripts-overwritten',
      part: 'backup',
      paths: of<readonly string[]>(['/srv/site/bin/backup']),
    },
    ({ part, paths }) => `[${part}]: ${sayOfRecipe(paths)}`,
  ),
  'scripts-of-recipe': text(
    {
      kind: 'notice',
      code: 'scripts-of-recipe',
      part: 'nightly',
      paths: of<readonly string[]>(['/srv/site/bin/nightly', '/srv/site/bin/nightly-restore']),
    },
    ({ part, paths }) => `[${part}]: ${sayOfRecipe(paths)}`,
  ),
  'live-data-absent': text(
    {
      kind: 'notice',
      code: 'live-data-absent',
      part: 'backup',
      option: 'datafs',
      is: of<'Data.fs' | 'blob directory'>('Data.fs'),
      path: '/srv/site/var/filestorage/Data.fs',
      relativePaths: of<string | undefined>(undefined),
    },
    ({ part, option, is, path, relativePaths }) => {
      const beginning = relativePaths === undefined ? '' : ` (${relativePaths})`;
      return `[${part}] ${option}: there is no ${is} "${path}". A new site has none before its first start; otherwise correct this${beginning}`;
    },
  ),
  'blob-directory-is-cache': text(
    {
      kind: 'advice',
      code: 'blob-directory-is-cache',
      part: 'backup',
      option: 'blob_storage',
      path: '/srv/site/var/blobcache',
      sign: 'as its .layout says ("zeocache")',
    },
    ({ part, option, path, sign }) =>
      `[${part}] ${option}: "${path}" is the cache of a ZEO client, ${sign}`,
  ),
  'hidden-server': text(
    {
      kind: 'notice',
      code: 'hidden-server',
      dataFs: '/srv/site/var/filestorage/Data.fs',
      lock: '/srv/site/var/filestorage/Data.fs.lock',
      pid: of<number | undefined>(4711),
    },
    ({ dataFs, lock, pid }) => {
      const who =
        pid === undefined
          ? `a process that is not visible from here (in another container, for example) holds "${lock}"`
          : `the process ${pid} of another user holds "${lock}"`;
      return `${who}: "backup" and "check" cannot tell whether it still writes into "${dataFs}". They can if you run them where it runs, as the same user or as root`;
    },
  ),
  'missing-script': text(
    {
      kind: 'advice',
      code: 'missing-script',
      part: 'backup',
      script: '/srv/site/bin/fullbackup',
      by: 'the part [cron] of the buildout',
      wantedBy: of<string | undefined>('enable_fullbackup = true'),
    },
    ({ part, script, by, wantedBy }) =>
      `${by} runs ${script}, but no part makes that script; write ${wantedBy} into [${part}], or correct the command`,
  ),
  'variable-not-carried': text(
    { kind: 'advice', code: 'variable-not-carried', variable: 'ZODBVAULT_PING_URL' },
    ({ variable }) =>
      `${variable} is set here, but these jobs will not have it: others could read it there, or it has several lines. Write the option into a zodbvault.toml, or into the part of the buildout`,
  ),
  'already-scheduled': text(
    {
      kind: 'advice',
      code: 'already-scheduled',
      script: '/srv/site/bin/backup',
      by: 'the crontab',
      line: '37 2 * * * /srv/site/bin/backup',
    },
    ({ script, by, line }) =>
      `zodbvault does not schedule ${script} a second time: ${by} runs it already (${line}). Remove that line if you want zodbvault to schedule it`,
  ),
  'nothing-is-removed': text(
    { kind: 'notice', code: 'nothing-is-removed', part: 'backup' },
    ({ part }) =>
      `[${part}]: these jobs delete no old backup, so the disk fills up; set keep (--keep 3, for example)`,
  ),
  'no-cron-runs': text(
    { kind: 'notice', code: 'no-cron-runs' },
    () => 'cron does not run here: start it (service cron start), or there will be no backups',
  ),
  'timers-need-login': text(
    { kind: 'notice', code: 'timers-need-login', user: 'plone' },
    ({ user }) =>
      `the timers run only while ${user} is logged in, unless root runs: loginctl enable-linger ${user}`,
  ),
  'no-systemd-runs': text(
    {
      kind: 'notice',
      code: 'no-systemd-runs',
      command: of<readonly string[]>(['systemctl', 'daemon-reload']),
    },
    ({ command }) =>
      `systemd does not run here; where it does, run: ${command.map(quoteWord).join(' ')}`,
  ),
  'job-not-started': text(
    { kind: 'warning', code: 'job-not-started', job: 'backup', reason: 'EAGAIN' },
    ({ job, reason }) => `${job} could not be started: ${reason}`,
  ),
  'words-ignored': text(
    { kind: 'warning', code: 'words-ignored', words: of<readonly string[]>(['2026-03-01']) },
    ({ words }) =>
      `a backup takes no date and no other words, so zodbvault ignores this: ${words.map(quoteWord).join(' ')}`,
  ),
  'nothing-to-work-with': text(
    {
      kind: 'warning',
      code: 'nothing-to-work-with',
      name: 'intranet',
      reason: 'Cannot find backups: there is no folder "/srv/intranet/var/backups"',
    },
    ({ name, reason }) => `${name}: ${reason}`,
  ),
  'nothing-to-show': text(
    {
      kind: 'notice',
      code: 'nothing-to-show',
      name: 'catalog',
      reason: 'Cannot read the log of "backups_catalog": there is no full backup',
    },
    ({ name, reason }) => `${name}: ${reason}`,
  ),
  'backups-of-other-site': text(
    {
      kind: 'notice',
      code: 'backups-of-other-site',
      backups: 12,
      source: '/srv/other/var/filestorage/Data.fs',
      folder: '/srv/site/var/backups',
    },
    ({ backups, source, folder }) =>
      `${folder} also contains ${count(backups, 'backup')} of "${source}", which is another site: they are not listed`,
  ),
  'restore-points-of-other': text(
    {
      kind: 'notice',
      code: 'restore-points-of-other',
      is: of<keyof typeof OTHERS>('copy'),
      source: '/srv/copy/Data.fs',
      stamps: of<readonly string[]>(['2026-03-01-04-05-06']),
    },
    ({ is, source, stamps }) => {
      const more = stamps.length > NAMED ? ` and ${stamps.length - NAMED} more` : '';
      return `${stamps.slice(-NAMED).join(', ')}${more}: made from "${source}", which is ${OTHERS[is]}`;
    },
  ),
  'restore-point-incomplete': text(
    {
      kind: 'notice',
      code: 'restore-point-incomplete',
      storage: of<string | undefined>('shop'),
      stamp: '2026-03-02-04-05-06',
    },
    ({ storage, stamp }) =>
      `${storage === undefined ? '' : `${storage}: `}${stamp} is incomplete: its run did not finish the blobs that belong to it. "keep" does not count it. The next complete backup of the same Data.fs deletes it, unless that backup may lack something, the blobs are complete anyway, or an increment needs it. "zodbvault verify --deep ${stamp}" checks the blobs; if they are complete, the restore point counts`,
  ),
  'site-faults': text(
    {
      kind: 'notice',
      code: 'site-faults',
      count: 2,
      stamps: of<readonly string[]>(['2026-03-01-04-05-06', '2026-03-02-04-05-06']),
    },
    describeSiteFault,
  ),
  'backup-problem': text(
    {
      kind: 'warning',
      code: 'backup-problem',
      problem: '2026-03-02-04-05-06.dat: its full backup is missing',
    },
    ({ problem }) => problem,
  ),
  'bad-backup': text(
    {
      kind: 'warning',
      code: 'bad-backup',
      storage: of<string | undefined>(undefined),
      name: '2026-03-02-04-05-06.deltafsz',
      problem: of<RepositoryProblem | BlobProblem>({
        kind: 'other-size',
        bytes: 4096,
        expectedBytes: 5120,
      }),
    },
    ({ storage, name, problem }) => `${among(storage)}${describeBadBackup(name, problem)}`,
    ({ storage, name, problem }) => ({ storage, name, problem: describeProblem(problem) }),
  ),
  'bad-restore-point': text(
    {
      kind: 'warning',
      code: 'bad-restore-point',
      storage: of<string | undefined>('catalog'),
      stamp: '2026-03-02-04-05-06',
      finding: of<DeepFinding>({
        kind: 'bad',
        problem: 'reference',
        state: 'it refers to 0x2a, which is not there',
        oid: '0x17',
        className: 'Products.ZCatalog.Catalog',
      }),
    },
    ({ storage, stamp, finding }) => `${among(storage)}${stamp}: ${describeDeepFinding(finding)}`,
    ({ storage, stamp, finding }) => {
      return { storage, stamp, finding: { ...finding, state: describeState(finding) } };
    },
  ),
  'object-not-followed': text(
    {
      kind: 'warning',
      code: 'object-not-followed',
      path: '/Plone/news',
      reason: 'Cannot read object 000000000000002a: Data.fs has no such record',
    },
    ({ path, reason }) => `${path}: ${reason}`,
  ),
  'no-room-beside': text(
    { kind: 'notice', code: 'no-room-beside' },
    () =>
      'there is no room for the old files beside the new ones. zodbvault checks all of the backup, and then deletes the old files first',
  ),
  'server-holds': text(
    {
      kind: 'notice',
      code: 'server-holds',
      path: '/srv/site/var/filestorage/Data.fs.lock',
      pid: of<number | undefined>(4711),
      heldLock: of<'refuse' | 'ignore'>('refuse'),
    },
    ({ path, pid, heldLock }) => {
      const who = pid === undefined ? 'a server' : `a server, the process ${pid},`;
      const so =
        heldLock === 'refuse'
          ? 'the restore would stop there; stop Zope or ZEO first'
          : 'restart it after the restore';
      return `${who} holds "${path}": ${so}`;
    },
  ),
};

/** What commands themselves notice, as values. */
export type CommandWarning = {
  readonly [Code in keyof typeof COMMAND_WARNINGS]: (typeof COMMAND_WARNINGS)[Code]['example'];
}[keyof typeof COMMAND_WARNINGS];

function text<
  const Kind extends 'warning' | 'notice' | 'advice',
  const Code extends string,
  Values extends object,
>(
  example: { readonly kind: Kind; readonly code: Code } & Values,
  sentence: (values: Values) => string,
  values?: (values: Values) => object,
) {
  return { example, sentence, ...(values && { values }) };
}

/** A value of an example whose type is wider. */
function of<T>(value: T): T {
  return value;
}

const OTHERS = {
  copy: 'another copy of the database',
  database: 'another database: give each database its own folder',
  'place-before': 'where the database was before',
} as const;

/** So many restore points are named, the newest. */
const NAMED = 3;

export function sayOfRecipe([first = '', ...more]: readonly string[]): string {
  const others = more.length === 0 ? '' : ` and ${count(more.length, 'other script')}`;
  return `bin/buildout wrote ${first}${others} for the Python recipe; "zodbvault install" replaces them`;
}

/** In front of what is said of one of several storages; nothing where there is one. */
function among(storage: string | undefined): string {
  return storage === undefined ? '' : `${storage}: `;
}
