/** What a running container was started from. */

/** lib/container.ts says what it holds: the other way round, imports would go in a circle. */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled in where the builder is
export interface StartedFrom {}
