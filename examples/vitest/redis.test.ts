/** Each test gets a Redis of its own by a fixture: `npx vitest run --root examples/vitest`. */

import { Redis } from 'ioredis';
import { test as base, expect } from 'vitest';
import { startRedis } from '../services.js';

const test = base.extend<{ redis: Redis }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern which other fixtures this one needs
  redis: async ({}, use) => {
    await using server = await startRedis();
    const client = new Redis(server.address(6379));
    await use(client);
    client.disconnect();
  },
});

// The server's start is part of a test's time, which is 5 s by default.
const options = { timeout: 60_000 };

test.concurrent('a test counts', options, async ({ redis }) => {
  expect(await redis.incr('counter')).toBe(1);
});

test.concurrent('another one counts from the beginning, at the same time', options, async ({ redis }) => {
  expect(await redis.incr('counter')).toBe(1);
  expect(await redis.incr('counter')).toBe(2);
});
