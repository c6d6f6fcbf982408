import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { Failure } from '../../../system/failure.ts';
import type { ObjectStore } from '../object-store.ts';
import { bandwidthOf } from '../transfer/bandwidth.ts';
import { PATIENT, type Patience } from '../transfer/retries.ts';
import { credentialsIn } from './credentials-file.ts';
import { s3Objects } from './s3-objects.ts';
import { ServerClock } from './server-clock.ts';
import { watchWire } from './wire.ts';

/** Where a bucket is, and how it is reached. */
export interface S3Settings {
  /** Its own name. */
  readonly bucket: string;
  /** Of all keys: empty, or with a slash at its end. */
  readonly prefix: string;
  /** URL of the server; undefined: as the environment says, or Amazon's. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Whether the bucket stands in the path, and not in the server's name; undefined: where there is an endpoint. */
  readonly pathStyle?: boolean | undefined;
  /** A file of its own; undefined: the chain of Amazon's programs. */
  readonly credentialsFile?: string | undefined;
  /** What the server keeps to, as somebody has found. */
  readonly conditions: ObjectStore['conditions'];
  readonly bytesPerSecond?: number | undefined;
  readonly patience?: Patience;
  /** A connection on which nothing comes and nothing goes for so long is dead. */
  readonly idleMs?: number;
}

/** A connection that isn't made in this time won't be. */
const CONNECT_MS = 10_000;
const IDLE_MS = 60_000;
/** More than all transfers together ever have. */
const MOST_CONNECTIONS = 128;

/** Opens a bucket; no request is sent yet. Failures: `usage`, and those of the file of credentials. */
export async function openS3(settings: S3Settings): Promise<ObjectStore> {
  const { bucket, prefix, conditions, patience = PATIENT } = settings;
  // On which Node this runs is decided elsewhere, and a quiet run says nothing.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const endpoint = endpointOf(settings.endpoint);
  const client = new S3Client(await configOf(settings, endpoint));
  await requireRegion(client);
  const clock = new ServerClock();
  const bandwidth = bandwidthOf(settings.bytesPerSecond);
  watchWire(client, { clock, bandwidth });
  return s3Objects(
    { client, bucket, prefix, endpoint, clock, bandwidth, patience },
    { conditions },
  );
}

async function configOf(
  settings: S3Settings,
  endpoint: string | undefined,
): Promise<S3ClientConfig> {
  const { pathStyle, credentialsFile, idleMs = IDLE_MS } = settings;
  const region = regionOf(settings.region, endpoint);
  const agent = { keepAlive: true, maxSockets: MOST_CONNECTIONS };
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentialsFile === undefined ? {} : { credentials: await credentialsIn(credentialsFile) }),
    forcePathStyle: pathStyle ?? endpoint !== undefined,
    // Each request is signed with the sha256 of its body. Servers that aren't Amazon's refuse other checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Bytes that are in memory need no permission to be sent.
    expectContinueHeader: false,
    // All is tried again in one place for all stores: transfer/retries.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: idleMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}

/** As written, or as Amazon's programs are told. Failure `usage` for what is no URL of a server. */
function endpointOf(written: string | undefined): string | undefined {
  const { env } = process;
  const endpoint = written ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  if (endpoint === undefined) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isServer = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (isServer && url.username === '' && url.password === '') return endpoint;
  // It may have a password in it, and is not shown then.
  const name = endpoint.includes('@') ? 'the endpoint of S3' : `"${endpoint}" as endpoint of S3`;
  throw new Failure('usage', `Cannot use ${name}: it is no URL of a server`, {
    hint: 'Name it as https://s3.example.org, without a user and a password: in AWS_ENDPOINT_URL, or as "endpoint" in the settings of the copy.',
  });
}

/** Without one, no request can be signed. Failure `usage`. */
async function requireRegion({ config }: S3Client): Promise<void> {
  try {
    await config.region();
  } catch (error) {
    throw new Failure('usage', 'Cannot use S3: nothing says in which region the bucket is', {
      hint: 'Set AWS_REGION, or AWS_ENDPOINT_URL for a server that is not Amazon’s; or name "region" or "endpoint" in the settings of the copy.',
      cause: error,
    });
  }
}

/** Servers that aren't Amazon's mostly take any; undefined: as a configuration of Amazon's programs says. */
function regionOf(written: string | undefined, endpoint: string | undefined): string | undefined {
  const { env } = process;
  const region = written ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  return region ?? (endpoint === undefined ? undefined : 'us-east-1');
}
