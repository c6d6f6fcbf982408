import { Failure, type FailureCode } from '../../../system/failure.ts';
import { NO_CREDENTIALS, type Told, toldBy } from './answers.ts';

/** What is told of a failure: its code, the state, and what to do. */
type Words = readonly [code: FailureCode, state: string, hint: string];

/**
 * What an answer of the server means for people: `Cannot <doing>: <state>`. A {@link Failure} passes unchanged; so does
 * what has nothing to do with a server, since that is a defect.
 *
 * @param endpoint - URL of the server; undefined: Amazon's
 */
export function adoptAnswer(
  error: unknown,
  { doing, endpoint }: { readonly doing: string; readonly endpoint: string | undefined },
): unknown {
  const told = toldBy(error);
  if (told === undefined) return error;
  const [code, state, hint] = wordsOf(told, endpoint ?? 'Amazon’s server');
  return new Failure(code, `Cannot ${doing}: ${state}`, { hint, cause: error });
}

function wordsOf({ code, status }: Told, server: string): Words {
  if (status === undefined && isOtherProtocol(code)) {
    return [
      'system',
      `what answers at ${server} does not speak the protocol of this address (${code})`,
      'Check the endpoint: its port, and whether it begins with https:// or http://.',
    ];
  }
  const known = BY_CODE.get(code) ?? (status === undefined ? undefined : BY_STATUS.get(status));
  if (known !== undefined) return known;
  switch (status) {
    case undefined:
      return [
        'system',
        `no answer came from ${server} (${code})`,
        'Check the endpoint, the network, and that the server runs; then run the command again.',
      ];
    case 401:
    case 403:
      return [
        'refused',
        `the server does not allow it (${code})`,
        `Check the key and its secret, and what this key may do in the bucket. ${OTHER_SERVER}`,
      ];
    default:
      return [
        'system',
        `the server answered ${code} (${status})`,
        'Look into the log of the server, then run the command again.',
      ];
  }
}

/** As HTTP's parser of Node calls what it can't read, and TLS an answer without TLS. */
function isOtherProtocol(code: string): boolean {
  return code.startsWith('HPE_') || code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER';
}

/** Whoever names a bucket alone asks Amazon. */
const OTHER_SERVER =
  'If it is not Amazon’s, name its server: "endpoint" in the settings of the copy, or AWS_ENDPOINT_URL.';

const WRONG_KEY =
  'Correct the key and its secret: in the file that "credentials_file" names, in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or in ~/.aws/credentials.';

const OTHER_REGION: Words = [
  'usage',
  'the bucket is in another region',
  'Name the region of the bucket: "region" in the settings of the copy, or AWS_REGION.',
];

const BY_CODE: ReadonlyMap<string, Words> = new Map([
  ['PermanentRedirect', OTHER_REGION],
  ['AuthorizationHeaderMalformed', OTHER_REGION],
  [
    NO_CREDENTIALS,
    [
      'usage',
      'there are no credentials for it',
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, write them into ~/.aws/credentials, or name a file with them: "credentials_file" in the settings of the copy.',
    ],
  ],
  [
    'InvalidAccessKeyId',
    [
      'refused',
      'the server does not know this access key (InvalidAccessKeyId)',
      `${WRONG_KEY} ${OTHER_SERVER}`,
    ],
  ],
  [
    'SignatureDoesNotMatch',
    [
      'refused',
      'the secret is not that of this access key (SignatureDoesNotMatch)',
      `${WRONG_KEY} ${OTHER_SERVER}`,
    ],
  ],
  [
    'NoSuchBucket',
    [
      'not-found',
      'there is no such bucket',
      `Create the bucket, or correct its name. ${OTHER_SERVER}`,
    ],
  ],
  [
    'QuotaExceeded',
    ['system', 'the bucket is full', 'Raise the quota of the bucket, or of the user.'],
  ],
]);

const BY_STATUS: ReadonlyMap<number, Words> = new Map([
  [404, ['not-found', 'it does not exist', 'Check the name.']],
  [
    501,
    [
      'system',
      'this server cannot do it',
      'Use another server, or a newer version of its software.',
    ],
  ],
  [507, ['system', 'the server has no room left', 'Give it more room, or use another one.']],
]);
