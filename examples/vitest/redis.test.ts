/** Each test gets a Redis of its own by a fixture: `npx vitest run --root examples/vitest`. */

import { test as base, expect } from 'vitest';
import { type Database, startRedis } from '../databases.js';

const test = base.extend<{ redis: Database }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern which other fixtures this one needs
  redis: async ({}, use) => {
    await using server = await startRedis();
    await use(server);
  },
});

// The server's start is part of a test's time, which is 5 s by default.
const options = { timeout: 60_000 };

test.concurrent('a test counts', options, async ({ redis }) => {
  expect(await redis.ask('redis-cli', 'incr', 'counter')).toBe('1');
});

test.concurrent('another one counts from the beginning, at the same time', options, async ({ redis }) => {
  expect(await redis.ask('redis-cli', 'incr', 'counter')).toBe('1');
  expect(await redis.ask('redis-cli', 'incr', 'counter')).toBe('2');
});
