import { contradiction } from '../errors/errors.js';
import { RECEIVED_MAX, SLOTS_MAX } from '../plan/wire.js';

/** Numbers the slots of a plan: those that the caller fills first, then those that steps fill. */
export class Slots {
  readonly names: string[] = [];
  received = 0;
  kept = 0;

  /** A slot for a descriptor that the caller sends. Must come before any other. */
  receive(name: string): number {
    this.received += 1;
    return this.add(name);
  }

  /**
   * A slot for a descriptor that the caller sends, and that the supervisor holds until all is over. Must come first of
   * all.
   */
  keep(name: string): number {
    this.kept += 1;
    return this.receive(name);
  }

  add(name: string): number {
    this.names.push(name);
    if (this.received > RECEIVED_MAX)
      throw contradiction(`stdio: a command can have up to ${RECEIVED_MAX - 1} descriptors`);
    if (this.names.length > SLOTS_MAX) {
      throw contradiction(`mounts: one container can have up to ${SLOTS_MAX} trees and descriptors`);
    }
    return this.names.length - 1;
  }
}
