/**
 * All tests of a file share a Redis, which is emptied before each.
 *
 *     NODE_OPTIONS=--experimental-vm-modules npx jest --config examples/jest/config.json
 */

import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { RunningContainer } from 'carrel';
import { Redis } from 'ioredis';
import { startRedis } from '../services.js';

let service: RunningContainer;
let redis: Redis;

beforeAll(async () => {
  service = await startRedis();
  redis = new Redis(service.address(6379));
}, 60_000);

afterAll(async () => {
  redis?.disconnect();
  await service?.[Symbol.asyncDispose]();
});

beforeEach(() => redis.flushall());

test('a test counts', async () => {
  expect(await redis.incr('counter')).toBe(1);
});

test('the next one counts from the beginning', async () => {
  expect(await redis.incr('counter')).toBe(1);
  expect(await redis.incr('counter')).toBe(2);
});
