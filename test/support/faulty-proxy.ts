import { EventEmitter, on } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as sendRequest,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** What befalls a request on its way, or its answer. */
export type Fault =
  /** The proxy answers in the server's place. `done`: the server did it all the same. */
  | { readonly kind: 'answer'; readonly status: number; readonly done: boolean }
  /** The connection breaks when the server has so many bytes of the body. */
  | { readonly kind: 'cut-request'; readonly afterBytes: number }
  /** The server has done it, and the connection breaks before its answer, or after so many bytes of its body. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number | 'none' }
  /** The connection is closed in peace after so many bytes of the body. */
  | { readonly kind: 'end-answer'; readonly afterBytes: number }
  /** Nothing more comes after so many bytes of the body, and the connection stays. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'delay'; readonly ms: number }
  /** It is passed on when something else is done. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** It is passed on when a request that came later was answered; if none comes, after so many ms. */
  | { readonly kind: 'reorder'; readonly ms: number }
  /** The answer has a date that is so far ahead. */
  | { readonly kind: 'clock'; readonly aheadMs: number };

/** What can befall a request, at its begin, in its middle, and when all is done. */
export const FAULTS: readonly Fault[] = [
  { kind: 'answer', status: 503, done: false },
  { kind: 'answer', status: 500, done: true },
  { kind: 'cut-request', afterBytes: 0 },
  { kind: 'cut-request', afterBytes: 70_000 },
  { kind: 'cut-answer', afterBytes: 'none' },
  { kind: 'cut-answer', afterBytes: 0 },
  { kind: 'cut-answer', afterBytes: 100 },
  { kind: 'end-answer', afterBytes: 0 },
  { kind: 'end-answer', afterBytes: 100 },
  { kind: 'end-answer', afterBytes: 70_000 },
  { kind: 'stall', afterBytes: 0 },
  { kind: 'stall', afterBytes: 100 },
  { kind: 'delay', ms: 20 },
  { kind: 'reorder', ms: 50 },
];

/** Says what befalls a request, by its number from 1 on. */
export type Plan = (number: number, request: IncomingMessage) => Fault | undefined;

/** A proxy in front of a server that speaks HTTP, on which nobody can rely. */
export interface FaultyProxy {
  readonly url: string;
  /** Requests since the plan was made. */
  readonly requests: number;
  /** Begins to count anew. */
  follow(plan: Plan): void;
}

/** Starts it; it ends with the test that calls this. @param target - URL of the server */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const agent = new Agent({ keepAlive: true });
  let plan: Plan = () => undefined;
  let requests = 0;
  const answers = new EventEmitter().setMaxListeners(0);
  const server = createServer((request, response) => {
    requests += 1;
    const number = requests;
    const fault = plan(number, request);
    const { socket } = request;
    response.on('finish', () => answers.emit('answer', number));
    const turn = fault?.kind === 'reorder' ? laterAnswer(answers, number, fault.ms) : undefined;
    void Promise.resolve(turn)
      .then(() => handle(request, response, { target, agent, fault }))
      .catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    agent.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    follow: (next) => {
      plan = next;
      requests = 0;
    },
  };
}

/** Waits for the answer to a later request; so long, at most. */
async function laterAnswer(answers: EventEmitter, number: number, ms: number): Promise<void> {
  const waiting = new AbortController();
  const later = async () => {
    for await (const [other] of on(answers, 'answer', waiting)) if (other > number) return;
  };
  await Promise.race([later(), pause(ms)]).finally(() => waiting.abort());
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  {
    target,
    agent,
    fault,
  }: { readonly target: string; readonly agent: Agent; readonly fault: Fault | undefined },
): Promise<void> {
  const { socket } = request;
  if (fault?.kind === 'delay') await pause(fault.ms);
  if (fault?.kind === 'hold') await fault.until;
  if (fault?.kind === 'answer' && !fault.done) {
    request.resume();
    await new Promise((resolve) => request.once('end', resolve));
    refuse(response, fault.status);
    return;
  }
  const answer = await forward(request, { target, agent, fault });
  switch (fault?.kind) {
    case 'answer':
      for await (const _ of answer);
      refuse(response, fault.status);
      return;
    case 'cut-answer':
      if (fault.afterBytes !== 'none') await pass(answer, response, fault.afterBytes);
      socket.resetAndDestroy();
      return;
    case 'end-answer':
      await pass(answer, response, fault.afterBytes);
      socket.end();
      return;
    case 'stall':
      await pass(answer, response, fault.afterBytes);
      return;
    case 'clock':
      answer.headers.date = new Date(Date.now() + fault.aheadMs).toUTCString();
      await passAll(answer, response);
      return;
    default:
      await passAll(answer, response);
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>Fault${status}</Code><Message>Made by a test.</Message></Error>`);
}

async function forward(
  request: IncomingMessage,
  {
    target,
    agent,
    fault,
  }: { readonly target: string; readonly agent: Agent; readonly fault: Fault | undefined },
): Promise<IncomingMessage> {
  const { method, url = '/', headers } = request;
  const onward = sendRequest(new URL(url, target), { method: method ?? 'GET', headers, agent });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    onward.once('response', resolve);
    onward.once('error', reject);
  });
  answered.catch(() => {}); // It is awaited below.
  let leftBytes = fault?.kind === 'cut-request' ? fault.afterBytes : Number.POSITIVE_INFINITY;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    await new Promise((resolve) => onward.write(chunk.subarray(0, leftBytes), resolve));
    leftBytes -= chunk.length;
    if (leftBytes < 0) break;
  }
  if (fault?.kind === 'cut-request') {
    onward.destroy();
    throw new Error('cut');
  }
  onward.end();
  return answered;
}

async function passAll(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  await pass(answer, response, Number.POSITIVE_INFINITY);
  response.end();
}

/** Passes an answer on, up to so many bytes of its body. */
async function pass(
  answer: IncomingMessage,
  response: ServerResponse,
  mostBytes: number,
): Promise<void> {
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  response.flushHeaders();
  let leftBytes = mostBytes;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const piece = chunk.subarray(0, leftBytes);
    leftBytes -= piece.length;
    await new Promise((resolve) => response.write(piece, resolve));
    if (leftBytes <= 0) return;
  }
}
