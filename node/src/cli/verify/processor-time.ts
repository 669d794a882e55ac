/** Processor time of this thread so far, ms. Coarse: it is right over many stretches, and not for one call. */
export function processorTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
