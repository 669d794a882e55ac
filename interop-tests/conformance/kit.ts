/** One run of the MCP conformance kit: all scenarios that a revision requires of one role, against one target. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { childEnvironment } from '../harness/spawned-process.ts'
import { KIT_DIRECTORY, type Revision, type Role, requiredScenarios } from './requirements.ts'

export type KitRun = {
  revision: Revision
  /** @default all that the revision requires */
  scenario?: string
  /** Scenarios that are known not to pass: they are not run again. */
  known?: readonly string[]
} & (
  | { role: 'server'; url: string }
  /** The URL of the kit's server is put behind the command. */
  | { role: 'client'; command: string; env?: Readonly<Record<string, string>> }
)

export type ScenarioResult = {
  scenario: string
  passed: boolean
  /** Checks that succeeded. */
  successes: number
  /** What failed, in the kit's words; and that nothing was checked, where that is so. */
  faults: readonly string[]
  /** What the kit warns of and passes: what a server should do and does not. Of a client it passes none. */
  warnings: readonly string[]
}

/**
 * Times that a scenario which failed is run by itself. The kit waits half a second for some messages, which a machine
 * that does other work at the same time does not always deliver; what is wrong fails each time.
 */
const MORE_RUNS = 2

/** Milliseconds that the kit gives one scenario of a client; it runs all of them at once, on machines that do more. */
const SCENARIO_WITHIN_MS = 90_000

const checkSchema = z.object({
  id: z.string(),
  status: z.string(),
  description: z.string().optional(),
  errorMessage: z.string().optional(),
  details: z.unknown().optional(),
})
const checksSchema = z.array(checkSchema)

export async function runKit(run: KitRun): Promise<readonly ScenarioResult[]> {
  const results = [...(await runOnce(run))]
  for (const [at, { scenario }] of results.entries())
    for (let more = 0; more < MORE_RUNS && results[at]?.passed === false && !run.known?.includes(scenario); more += 1) {
      const [again] = await runOnce({ ...run, scenario })
      if (again !== undefined) results[at] = again
    }
  return results
}

async function runOnce(run: KitRun): Promise<readonly ScenarioResult[]> {
  const out = await mkdtemp(join(tmpdir(), 'hansa-conformance-'))
  try {
    const said = await execute(run, out)
    const results = await resultsIn(out, run.role)
    const wanted = run.scenario === undefined ? requiredScenarios(run.revision, run.role) : [run.scenario]
    return wanted.map(
      (scenario) =>
        results.get(scenario) ?? { scenario, passed: false, successes: 0, faults: [notRun(said)], warnings: [] },
    )
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

function notRun(said: string): string {
  return `the kit left no result of it: ${said.trim().split('\n').at(-1) ?? ''}`
}

/** The kit's exit code says nothing that its checks do not say. @returns the end of what it printed. */
function execute(run: KitRun, out: string): Promise<string> {
  const target = run.role === 'server' ? ['--url', run.url] : ['--command', run.command]
  const which =
    run.scenario === undefined
      ? ['--requirements', run.revision]
      : ['--scenario', run.scenario, '--spec-version', run.revision]
  const limits = [...which, '--timeout', String(SCENARIO_WITHIN_MS), '-o', out]
  const program = join(KIT_DIRECTORY, 'dist/index.js')
  const child = spawn(process.execPath, [program, run.role, ...target, ...limits], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...childEnvironment, PATH: dirname(process.execPath), ...envOf(run) },
  })
  const end = () => child.kill('SIGKILL')
  process.on('exit', end)
  let said = ''
  const keep = (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-4_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      process.off('exit', end)
      resolve(said)
    })
  })
}

function envOf(run: KitRun): Readonly<Record<string, string>> {
  return run.role === 'client' ? (run.env ?? {}) : {}
}

/** Directories are named after scenario and time: `server-NAME-2026-…` or `NAME-2026-…`, where NAME may have a slash. */
async function resultsIn(out: string, role: Role): Promise<Map<string, ScenarioResult>> {
  const results = new Map<string, ScenarioResult>()
  for (const path of await readdir(out, { recursive: true })) {
    const named = /^(.+)-\d{4}-\d\d-\d\dT[\d-]+Z\/checks\.json$/.exec(path)?.[1]
    if (named === undefined) continue
    const scenario = role === 'server' ? named.replace(/^server-/, '') : named
    results.set(scenario, verdict(role, scenario, JSON.parse(await readFile(join(out, path), 'utf8'))))
  }
  return results
}

/** The kit passes a scenario in which nothing failed, also when nothing was checked because the client never came. */
export function verdict(role: Role, scenario: string, checks: unknown): ScenarioResult {
  const parsed = checksSchema.parse(checks)
  const having = (wanted: string) => parsed.filter(({ status }) => status === wanted)
  const successes = having('SUCCESS').length
  const failed = having('FAILURE').map(wordsOf)
  const warned = having('WARNING').map(wordsOf)
  const faults = [...failed, ...(role === 'client' ? warned : []), ...(successes === 0 ? ['nothing was checked'] : [])]
  return { scenario, passed: faults.length === 0, successes, faults, warnings: role === 'client' ? [] : warned }
}

function wordsOf({ id, errorMessage, description, details }: z.infer<typeof checkSchema>): string {
  const more = details === undefined ? '' : ` ${JSON.stringify(details).slice(0, 400)}`
  return `${id}: ${errorMessage ?? description ?? ''}${more}`
}
