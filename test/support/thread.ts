/** A worker that does what it is told: see startThread() of tools.ts. */

import { runInThisContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import * as tools from './tools.js';

parentPort?.on('message', async ({ act, args }: { act: string; args: readonly unknown[] }) => {
  try {
    // The function sees its parameters, and nothing around it.
    const run = runInThisContext(`(${act})`) as (...given: readonly unknown[]) => unknown;
    parentPort?.postMessage({ result: await run(tools, ...args) });
  } catch (error) {
    parentPort?.postMessage({ error });
  }
});
parentPort?.postMessage('ready');
