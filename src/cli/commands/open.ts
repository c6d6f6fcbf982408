import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import {
  type CopyOptions,
  makeInstanceCopy,
} from '../../operations/open/instance/instance-copy.ts';
import { runZope } from '../../operations/open/instance/run-zope.ts';
import { serveSite } from '../../operations/open/serve-site.ts';
import { Failure } from '../../system/failure.ts';
import {
  formatAddress,
  isOpenToOthers,
  LOOPBACK,
  parseAddress,
  type ServerAddress,
} from '../../system/server-address.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { findContentPlace, LIVE_OPTION } from '../options/content-options.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import { STORAGE_OPTION } from '../options/selected-repositories.ts';
import { CHAIN_OPTION, EXACT_OPTION, MOMENT_ARGUMENT } from '../options/written-date.ts';
import { type OpenResult, servedAsJson } from '../render/json/results/open.ts';
import { describeCopy, describeServed, describeUse } from '../render/served.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import { FROM_OPTION } from '../select/copied-sites.ts';
import { SOURCE_KIND_OPTION, withSiteOptions } from '../select/site-options.ts';
import { runCommand } from '../terminal/run-command.ts';

const LISTEN_OPTION = new Option(
  '--listen <address>',
  'where: HOST:PORT, or the path of a socket; port 0 is any that is free',
)
  .argParser(readAddress)
  .default({ kind: 'tcp', host: LOOPBACK, port: 0 } as ServerAddress, `${LOOPBACK}:0`);

export function addOpenCommand(program: Command): void {
  const command = withSiteOptions(program.command('open'))
    .addOption(FROM_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[moment]', MOMENT_ARGUMENT)
    .addOption(CHAIN_OPTION)
    .addOption(EXACT_OPTION)
    .addOption(LISTEN_OPTION)
    .addOption(LIVE_OPTION)
    .option('--check', 'read all of it first, and compare it with what a verification found')
    .option('--site', 'make a copy of the instance that reads what is open, in a temporary folder')
    .option('--run', 'the same, and start it')
    .option('--zope-conf <file>', 'the zope.conf of the instance (default: the one that is found)')
    .option('--keep-changes <folder>', 'a new folder for the copy, which stays with all changes')
    .option('--read-only', 'let nobody change anything in the copy')
    .addOption(SOURCE_KIND_OPTION)
    .addOption(STORAGE_OPTION);
  withOutputOptions(command).action((moment, options) =>
    runCommand({ ...options, command }, async (running) => {
      const { terminal, signal } = running;
      const result = terminal.document.result<OpenResult>({ address: undefined, storages: [] });
      const isChecked = options.check === true;
      const place = await findContentPlace(options, { moment, running, looks: isChecked });
      const copied = copyOptions(options);
      if (isChecked && options.live) throw liveIsNotChecked();
      await using served = await serveSite(place, { address: options.listen, isChecked });
      if (isOpenToOthers(served.address)) {
        const code = 'open-to-others';
        const where = formatAddress(served.address);
        renderWarning({ kind: 'advice', code, address: where }, terminal);
      }
      await using copy = copied && (await makeInstanceCopy({ site: place.site, served }, copied));
      if (copy !== undefined) {
        const { outside: found, leftOut: keys } = copy;
        renderWarning({ kind: 'notice', code: 'copy-acts-outside', found }, terminal);
        if (keys.length > 0)
          renderWarning({ kind: 'notice', code: 'copy-without-values', keys }, terminal);
      }
      await using zope = copy && options.run ? runZope(copy, place.context) : undefined;
      await zope?.ready;
      result.address = formatAddress(served.address);
      result.home = copy?.home;
      result.url = copy?.url;
      result.storages = served.storages.map((one) => servedAsJson(one, place.site));
      for (const line of describeServed(served)) terminal.print(line);
      if (copy !== undefined) terminal.print(options.run ? copy.url : describeCopy(copy));
      // Programs can't wait for its end to learn where it listens.
      await terminal.document.write(0);
      if (copy === undefined) terminal.log(describeUse(served));
      if (options.live) terminal.log(ROOM_OF_LIVE);
      const ends = zope === undefined ? [served.failed] : [served.failed, zope.ended];
      await Promise.race([aborted(signal), ...ends]);
      // To be stopped is how it ends.
      return terminal.statusOfSuccess();
    }),
  );
}

/** How the instance is copied; undefined where it is not. Failure `usage` for options that only a copy has. */
function copyOptions(options: {
  readonly site?: true | undefined;
  readonly run?: true | undefined;
  readonly zopeConf?: string | undefined;
  readonly keepChanges?: string | undefined;
  readonly readOnly?: true | undefined;
}): CopyOptions | undefined {
  const { site, run, zopeConf, keepChanges, readOnly } = options;
  if (site || run) return { zopeConf, keptFolder: keepChanges, isReadOnly: readOnly === true };
  if (zopeConf === undefined && keepChanges === undefined && !readOnly) return undefined;
  throw new Failure('usage', 'Cannot use --zope-conf, --keep-changes or --read-only alone', {
    hint: 'Write --run with it, which starts a copy of the instance, or --site.',
  });
}

function liveIsNotChecked(): Failure {
  return new Failure('usage', 'Cannot check the live Data.fs: no verification has read it', {
    hint: 'Leave out --check or --live. "zodbvault diff --quick" compares the live Data.fs with a backup.',
  });
}

function readAddress(text: string): ServerAddress {
  const address = parseAddress(text);
  // Clients may run in other folders.
  if (address?.kind === 'socket') return { ...address, path: resolve(address.path) };
  if (address !== undefined) return address;
  throw new InvalidArgumentError(
    'It is none. Write 127.0.0.1:8100, [::1]:8100, or a path with a slash, such as ./zeo.sock.',
  );
}

const ROOM_OF_LIVE =
  'A pack of the live Data.fs frees no space on the disk until this command ends: it holds the file open';

/** Resolves when a command is to stop. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
