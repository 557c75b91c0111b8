/**
 * A worker for more than one machine: jobs come from a queue in Redis, by BullMQ, and each runs in a container.
 *
 *     REDIS_URL=redis://127.0.0.1:6379 node examples/worker.js
 *
 * With `--try` it starts a Redis of its own, in a container, queues a few jobs, prints what came of them, and ends.
 */

import { type ConnectionOptions, Queue, QueueEvents, Worker } from 'bullmq';
import { Container, type Reason } from 'carrel';
import { startRedis } from './services.js';

interface Job {
  readonly script: string;
}

interface Result {
  readonly exitCode: number | null;
  readonly reason: Reason;
  readonly output: string;
}

const QUEUE = 'jobs';
const box = new Container().hostname('worker');
const trial = process.argv.includes('--try');
await (trial ? tryOut() : work(connectionOf(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')).waitUntilReady());

/** As many at once as `concurrency` says; where more are to run, start more workers, on this machine or on others. */
function work(connection: ConnectionOptions): Worker<Job, Result> {
  const worker = new Worker<Job, Result>(
    QUEUE,
    async ({ data }) => {
      const options = { input: data.script, timeout: 10_000, maxOutput: '1m' };
      const { exitCode, reason, stdout } = await box.run('sh', [], options);
      // Only what is not the job's own fault is thrown, and BullMQ tries that again.
      return { exitCode, reason, output: stdout };
    },
    { connection, concurrency: 4 },
  );
  worker.on('failed', (job, error) => console.error(`${job?.id}: ${error.message}`));
  return worker;
}

function connectionOf(url: string): ConnectionOptions {
  const { hostname, port, username, password } = new URL(url);
  return { host: hostname, port: Number(port || 6379), username, password };
}

async function tryOut(): Promise<void> {
  await using redis = await startRedis();
  const connection = redis.address(6379);
  const queue = new Queue<Job, Result>(QUEUE, { connection });
  const events = new QueueEvents(QUEUE, { connection });
  const worker = work(connection);
  try {
    const scripts = ['echo "$((6 * 7)) on $(hostname)"', 'exit 3', 'cat /etc/shadow', 'yes'];
    const jobs = await queue.addBulk(scripts.map((script) => ({ name: 'script', data: { script } })));
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
    for (const [index, { exitCode, reason, output }] of results.entries())
      console.log(`${scripts[index]}: ${reason}, exit code ${exitCode}: ${JSON.stringify(output.slice(0, 40))}`);
    const [answer, three, secret, endless] = results;
    const right = answer?.output === '42 on worker\n' && three?.exitCode === 3;
    if (!right || secret?.exitCode === 0 || endless?.reason !== 'output-limit') process.exitCode = 1;
  } finally {
    await Promise.all([worker.close(), events.close(), queue.close()]);
  }
}
