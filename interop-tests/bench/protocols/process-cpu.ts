import { readFile } from 'node:fs/promises'

/** Ticks of the kernel's clock per second, as every Linux that Node runs on has them. */
const TICKS_PER_SECOND = 100

/** User and system time of a process, all its threads, microseconds; in steps of ten milliseconds. */
export async function processCpuUs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name, in brackets, may hold anything; what counts are the 12th and 13th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / TICKS_PER_SECOND
}
