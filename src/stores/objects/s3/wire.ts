import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { type Bandwidth, throttled } from '../transfer/bandwidth.ts';
import type { ServerClock } from './server-clock.ts';

/** Looks after what goes over the wire: the server's clock is read, and bytes go no faster than they may. */
export function watchWire(
  { middlewareStack }: S3Client,
  { clock, bandwidth }: { readonly clock: ServerClock; readonly bandwidth: Bandwidth | undefined },
): void {
  middlewareStack.add(
    (next) => async (args) => {
      const { request } = args;
      // The request is signed by now, and knows its length.
      if (bandwidth !== undefined && hasBody(request)) limit(request, bandwidth);
      const result = await next(args);
      clock.see(dateOf(result.response));
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'zodbvaultWire' },
  );
  // Swift takes no list of objects to delete without it; the SDK would send another checksum.
  middlewareStack.add(
    (next, context) => async (args) => {
      const { request } = args;
      if (context['commandName'] === 'DeleteObjectsCommand' && hasTextBody(request)) {
        request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
      }
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'zodbvaultContentMd5' },
  );
}

function limit(request: { body: unknown }, bandwidth: Bandwidth): void {
  if (!(request.body instanceof Uint8Array)) return;
  request.body = Readable.from(throttled([request.body], bandwidth));
}

function hasBody(request: unknown): request is { body: unknown } {
  return typeof request === 'object' && request !== null && 'body' in request;
}

function hasTextBody(
  request: unknown,
): request is { readonly body: string; readonly headers: Record<string, string> } {
  return (
    typeof request === 'object' &&
    request !== null &&
    'headers' in request &&
    'body' in request &&
    typeof request.body === 'string'
  );
}

function dateOf(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response))
    return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return undefined;
  return typeof headers.date === 'string' ? headers.date : undefined;
}
