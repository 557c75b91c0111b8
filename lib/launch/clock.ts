/** The clock that Node and the supervisor share. */

/**
 * Nanoseconds of the monotonic clock, exact to the nanosecond for a machine that has been up for less than 104 days.
 * clock_gettime(2)
 */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
