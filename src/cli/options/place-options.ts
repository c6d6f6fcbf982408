import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';

/** The options that say how a place elsewhere is reached: together, their type is too long for the compiler. */
const PLACE = {
  endpoint: new Option(
    '--endpoint <url>',
    'S3: the server; else as AWS_ENDPOINT_URL says, or Amazon',
  ),
  region: new Option('--region <name>', 'S3: the region; else as AWS_REGION says'),
  pathStyle: new Option(
    '--path-style',
    'S3: the bucket stands in the path, not in the server’s name',
  ),
  credentialsFile: new Option('--credentials-file <file>', 'S3: a file like ~/.aws/credentials'),
  knownHosts: new Option('--known-hosts <file>', 'SFTP: host keys; else those that ssh reads'),
  identityFile: new Option(
    '--identity-file <file>',
    'SFTP: a private key; else ssh-agent and the files in ~/.ssh',
  ),
} as const;

/** Those of a bucket. */
export function withBucketOptions<Words extends unknown[], Said extends OptionValues>(
  command: Command<Words, Said>,
) {
  return command.addOption(PLACE.endpoint).addOption(PLACE.region).addOption(PLACE.pathStyle);
}

/** Those that name files: the credentials of a bucket, and the keys of a server. */
export function withKeyFileOptions<Words extends unknown[], Said extends OptionValues>(
  command: Command<Words, Said>,
) {
  return command
    .addOption(PLACE.credentialsFile)
    .addOption(PLACE.knownHosts)
    .addOption(PLACE.identityFile);
}
