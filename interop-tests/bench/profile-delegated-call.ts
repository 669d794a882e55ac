/** Where the processor time of a delegated call goes, on each side: a CPU profile of some seconds of calls. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { RATIO_IN_FLIGHT } from './bench-plan.ts'
import { batchedCall } from './governed/delegated-call.ts'
import { measure } from './measure/contender.ts'
import { scratchDirectory } from './measure/scratch-directory.ts'
import { alignedTable, figure } from './report/aligned-table.ts'
import { type CpuProfile, type FunctionTime, summarise } from './report/cpu-profile.ts'

const WARM_UP_MS = 4_000
const PROFILED_MS = 5_000
const SHOWN = 40

/** @param directory gets `a.cpuprofile` and `b.cpuprofile`, which browsers and editors show. @returns text for people. */
export async function profileDelegatedCall(directory: string): Promise<string> {
  await using scratch = await scratchDirectory()
  const { client, server } = await batchedCall.start(await scratch.make('contender'))
  await using _client = client
  await using _server = server
  await client.ask('load', { inFlight: RATIO_IN_FLIGHT, durationMs: WARM_UP_MS })
  await Promise.all([client.ask('profile'), server.ask('profile')])
  const sample = await measure({ client, server }, { inFlight: RATIO_IN_FLIGHT, durationMs: PROFILED_MS })
  const files = [
    { side: 'A, who calls', process: client, path: resolve(directory, 'a.cpuprofile') },
    { side: 'B, who serves', process: server, path: resolve(directory, 'b.cpuprofile') },
  ]
  const sections = [`${figure(sample.callsPerSecond)} calls/s at ${RATIO_IN_FLIGHT} in flight while profiled`]
  for (const { side, process, path } of files) {
    await process.ask('profiled', path)
    const profile = JSON.parse(await readFile(path, 'utf8')) as CpuProfile
    const { busyShare, folders, onBehalf, self } = summarise(profile)
    sections.push(`${side}: its main thread was busy ${percent(busyShare)} of the time (${path})`)
    sections.push(table('by folder, with what libraries and node did for it', folders))
    sections.push(table('by function, with what libraries and node did for it', onBehalf))
    sections.push(table('by function that ran', self))
  }
  return sections.join('\n\n')
}

function table(title: string, functions: readonly FunctionTime[]): string {
  const lines = functions.slice(0, SHOWN).map(({ name, at, share }) => [name, at, percent(share)])
  return [title, ...alignedTable(lines)].join('\n')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
