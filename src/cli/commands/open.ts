import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { serveSite } from '../../operations/open/serve-site.ts';
import {
  formatAddress,
  isOpenToOthers,
  LOOPBACK,
  parseAddress,
  type ServerAddress,
} from '../../system/server-address.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { findContentPlace, LIVE_OPTION } from '../options/content-options.ts';
import { STORAGE_OPTION } from '../options/selected-repositories.ts';
import { CHAIN_OPTION, EXACT_OPTION, MOMENT_ARGUMENT } from '../options/written-date.ts';
import { type OpenResult, servedAsJson } from '../render/json/results/open.ts';
import { describeServed, describeUse } from '../render/served.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
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
    .argument('[moment]', MOMENT_ARGUMENT)
    .addOption(CHAIN_OPTION)
    .addOption(EXACT_OPTION)
    .addOption(LISTEN_OPTION)
    .addOption(LIVE_OPTION)
    .addOption(SOURCE_KIND_OPTION)
    .addOption(STORAGE_OPTION);
  withOutputOptions(command).action((moment, options) =>
    runCommand({ ...options, command }, async (running) => {
      const { terminal, signal } = running;
      const result = terminal.document.result<OpenResult>({ address: undefined, storages: [] });
      const place = await findContentPlace(options, { moment, running });
      await using served = await serveSite(place, options.listen);
      if (isOpenToOthers(served.address)) {
        const code = 'open-to-others';
        const where = formatAddress(served.address);
        renderWarning({ kind: 'advice', code, address: where }, terminal);
      }
      result.address = formatAddress(served.address);
      result.storages = served.storages.map((one) => servedAsJson(one, place.site));
      for (const line of describeServed(served)) terminal.print(line);
      // Programs can't wait for its end to learn where it listens.
      await terminal.document.write(0);
      terminal.log(describeUse(served));
      if (options.live) terminal.log(ROOM_OF_LIVE);
      await Promise.race([aborted(signal), served.failed]);
      // To be stopped is how it ends.
      return terminal.statusOfSuccess();
    }),
  );
}

function readAddress(text: string): ServerAddress {
  const address = parseAddress(text);
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
