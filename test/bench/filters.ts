/** What a system call costs below filters, in turns: carrel's, and what libseccomp makes of Docker's profile. */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_CAPABILITIES } from '#lib/definition/capabilities.js';
import { Container } from '#lib/index.js';
import type { Machine } from '#lib/seccomp/rules.js';
import { byLibseccomp } from '../support/libseccomp.js';
import { countingRules, PROFILE_FILES, profileOf } from '../support/profiles.js';
import { libseccomp } from '../support/requires.js';
import type { Filtered } from './results.js';
import { summarize } from './statistics.js';

const SOURCE = fileURLToPath(new URL('../../../test/bench/calls.c', import.meta.url));
/** `struct sock_filter` of linux/filter.h. */
const INSTRUCTION_BYTES = 8;
/** Lines that calls.c prints a start; each is of many calls. */
const LINES = 5;

interface Contender {
  readonly name: string;
  readonly instructions: number;
  /** Where the program lies; `-` where there is none. */
  readonly file: string;
  readonly loadNs: number[];
  readonly allowedNs: number[];
  readonly comparedNs: number[];
}

/** Compiles calls.c into `directory`, and starts it so many times with each filter. */
export function measureFilters(directory: string, rounds: number, skipped: string[]): readonly Filtered[] {
  const program = join(directory, 'calls');
  const { error, status, stderr } = spawnSync('gcc', ['-O2', '-o', program, SOURCE], { encoding: 'utf8' });
  if (error !== undefined) {
    skipped.push('filters: no gcc');
    return [];
  }
  if (status !== 0) throw new Error(`gcc could not compile ${SOURCE}:\n${stderr}`);
  const contenders = Object.entries(filters(skipped)).map(([name, filter], index): Contender => {
    const file = filter === undefined ? '-' : join(directory, `filter-${index}`);
    if (filter !== undefined) writeFileSync(file, filter);
    const instructions = (filter?.length ?? 0) / INSTRUCTION_BYTES;
    return { name, instructions, file, loadNs: [], allowedNs: [], comparedNs: [] };
  });
  for (let round = 0; round < rounds; round += 1)
    for (const { file, loadNs, allowedNs, comparedNs } of contenders) {
      const [load = '', ...lines] = execFileSync(program, [file, String(LINES)], { encoding: 'utf8' })
        .trimEnd()
        .split('\n');
      loadNs.push(Number(load));
      for (const line of lines) {
        const [allowed, compared] = line.split(' ').map(Number);
        allowedNs.push(allowed ?? Number.NaN);
        comparedNs.push(compared ?? Number.NaN);
      }
    }
  return contenders.map(({ name, instructions, loadNs, allowedNs, comparedNs }) => ({
    name,
    instructions,
    loadNs: summarize(loadNs),
    allowedNs: summarize(allowedNs),
    comparedNs: summarize(comparedNs),
  }));
}

/** By name: the program, or `undefined` for none. */
function filters(skipped: string[]): Readonly<Record<string, Uint8Array | undefined>> {
  const own = { none: undefined, default: filterOf(new Container()) };
  if (!existsSync(PROFILE_FILES.docker)) {
    skipped.push("filters: Docker's profile is not installed (golang-github-docker-docker-dev)");
    return own;
  }
  const docker = profileOf('docker');
  const compiled = { ...own, docker: filterOf(new Container().seccomp(docker)) };
  if (libseccomp() === undefined) {
    skipped.push('filters: no libseccomp for Python (python3-seccomp)');
    return compiled;
  }
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const machine = { arch: process.arch, kernel: [major, minor], capabilities: DEFAULT_CAPABILITIES } as Machine;
  const fallback = [docker.defaultAction, docker.defaultErrnoRet ?? 0] as const;
  return { ...compiled, libseccomp: byLibseccomp(countingRules(docker, machine), fallback).program };
}

function filterOf(box: Container): Uint8Array | undefined {
  const step = box.plan('true').steps.find(({ op }) => op === 'seccomp');
  return step?.op === 'seccomp' ? step.filter : undefined;
}
