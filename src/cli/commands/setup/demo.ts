import { relative, resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { type DemoPaths, type DemoScene, playDemo, type SiteCounts } from '../../../demo/demo.ts';
import { count, formatBytes } from '../../format/units.ts';
import { withLogOptions } from '../../options/common-options.ts';
import { commandToType } from '../../options/own-command.ts';
import { type CommandContext, runCommand } from '../../terminal/run-command.ts';

/** The same site every time. */
const SEED = 1998;

export function addDemoCommand(program: Command): void {
  const command = program
    .command('demo')
    .argument('[folder]', 'a folder that is empty or not there yet', 'zodbvault-demo');
  withLogOptions(command).action((folder, options) =>
    runCommand({ ...options, command }, (context) => play(resolve(folder), context)),
  );
}

async function play(
  folder: string,
  { terminal, signal, backups }: CommandContext,
): Promise<undefined> {
  const steps = stepCounter();
  const paths = await playDemo(
    { folder, seed: SEED },
    {
      context: { onEvent: () => {}, signal, backups },
      onScene: (scene) => terminal.log(`${steps()} ${describeScene(scene)}`),
    },
  );
  const itself = await commandToType();
  for (const line of closing(paths, itself)) terminal.log(line);
  return undefined;
}

function stepCounter(): () => string {
  let step = 0;
  return () => `${++step}.`;
}

function describeScene(scene: DemoScene): string {
  switch (scene.kind) {
    case 'site-made':
      return `Made a sample site: ${describeSite(scene.site)}`;
    case 'backed-up': {
      const { filestorage } = scene.result;
      const written = filestorage?.written;
      const stored = formatBytes(written?.record.stored.sizeBytes ?? 0);
      const kind = filestorage?.plan.kind === 'full' ? 'full' : 'the increment only';
      return `Backed it up (${kind}): ${written?.file.name}, ${stored}, and ${count(scene.site.blobs, 'blob')}`;
    }
    case 'site-grown':
      return `${count(scene.addedTransactions, 'transaction')} later: ${describeSite(scene.site)}`;
    case 'destroyed':
      return 'Disaster: half of Data.fs is gone, the rest overwritten, the blobs are lost';
    case 'restored': {
      const { plan, sizeBytes } = scene.result;
      const files = count(plan.point.files.length, 'backup file');
      return `Restored Data.fs from ${files}: ${formatBytes(sizeBytes)}, every checksum right; and the blobs`;
    }
    case 'proved': {
      const { original, restored, comparedBytes } = scene.comparison;
      const blobs = scene.blobs === undefined ? '' : ` and ${count(scene.blobs, 'blob')}`;
      return `Compared all ${comparedBytes} bytes of ${nameOf(restored)}${blobs} with ${nameOf(original)}: the same`;
    }
    default:
      return scene satisfies never;
  }
}

function describeSite({ dataFsBytes, transactions, objects, blobs }: SiteCounts): string {
  return `Data.fs of ${formatBytes(dataFsBytes)}, ${count(transactions, 'transaction')}, ${count(objects, 'object')}, ${count(blobs, 'blob')}`;
}

function closing(paths: DemoPaths, itself: string): readonly string[] {
  const folder = relative(process.cwd(), paths.folder) || '.';
  const inFolder = (path: string) => relative(paths.folder, path);
  return [
    '',
    `In ${folder}:`,
    `  ${inFolder(paths.dataFs).padEnd(26)} the restored database`,
    `  ${inFolder(paths.blobs).padEnd(26)} its blobs`,
    `  ${inFolder(paths.repository).padEnd(26)} its backups, as repozo lays them out`,
    `  ${inFolder(paths.blobBackups).padEnd(26)} the backups of its blobs; unchanged files are shared`,
    `  ${inFolder(paths.original).padEnd(26)} a copy from before the disaster`,
    `  ${inFolder(paths.originalBlobs).padEnd(26)} the same of its blobs`,
    `  ${inFolder(paths.first).padEnd(26)} the database as of the first backup, and its .index`,
    '',
    'Go on with:',
    `  cd ${folder}`,
    `  ${itself} list`,
    `  ${itself} verify -v`,
    `  ${itself} restore --dry-run`,
    `  ${itself} backup --full`,
  ];
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
