/**
 * The main job on real input: a registry and two nodes as processes, a program of npm behind one of them, and an agent
 * that calls across. Every sentence that is printed is about something that was just observed.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProcessMesh } from '../harness/process-mesh.ts'
import { ledgerScene } from './ledger/ledger-scene.ts'
import { meshScene } from './mesh/mesh-scene.ts'
import { operateScene } from './operate/operate-scene.ts'
import { type DemoOptions, readOptions, type SceneName, usage } from './options.ts'
import { protocolsScene } from './protocols/protocols-scene.ts'
import { claims, type DemoReport, emptyReport, faultsOf } from './report.ts'
import type { Scene, Step } from './scene.ts'
import { approval } from './steps/approval.ts'
import { discover } from './steps/discover.ts'
import { importOrgb } from './steps/import-orgb.ts'
import { noLocalRule } from './steps/no-local-rule.ts'
import { readFile } from './steps/read-file.ts'
import { refusals } from './steps/refusals.ts'
import { startProcesses } from './steps/start-processes.ts'
import { tamper } from './steps/tamper.ts'
import { tokenReuse } from './steps/token-reuse.ts'
import { twoFirewalls } from './steps/two-firewalls.ts'
import { verifyBothLogs } from './steps/verify-pair.ts'
import { type Story, silentStory, terminalStory } from './story.ts'
import { trustScene } from './trust/trust-scene.ts'

const steps: readonly Step[] = [
  discover,
  importOrgb,
  readFile,
  twoFirewalls,
  refusals,
  noLocalRule,
  approval,
  tokenReuse,
  verifyBothLogs,
  tamper,
]

const LAST_LINES = 15

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(usage)
    return 0
  }
  const story = options.json ? silentStory : storyOnTerminal()
  const report = await scenesOf(options)[options.scene](story)
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  return report.ok ? 0 : 1
}

type Play = (story: Story) => Promise<{ ok: boolean }>

function scenesOf({ keep, nodes }: DemoOptions): Readonly<Record<SceneName, Play>> {
  return {
    call: (story) => callScene(story, keep),
    operate: (story) => operateScene(story, keep),
    ledger: (story) => ledgerScene(story, keep),
    trust: (story) => trustScene(story, keep),
    mesh: (story) => meshScene(story, keep, nodes),
    protocols: (story) => protocolsScene(story, keep),
  }
}

async function callScene(story: Story, keep: boolean): Promise<DemoReport> {
  const report = emptyReport()
  await run(story, report, keep)
  return report
}

function storyOnTerminal(): Story {
  const { stdout } = process
  const live = stdout.isTTY === true
  const colours = live && stdout.hasColors()
  return terminalStory({ write: (text) => void stdout.write(text), colours, live, columns: stdout.columns ?? 100 })
}

async function run(story: Story, report: DemoReport, keep: boolean): Promise<void> {
  const started = performance.now()
  await using mesh = await ProcessMesh.create()
  if (keep) mesh.keep()
  const interrupted = endOnSignal(mesh)
  let step = 'Three processes start'
  try {
    story.title('two organisations, one governed call', [
      '■ orga   Lübeck Trading House     its agent asks',
      '■ orgb   Bergen Harbour Office    serves files and customer records',
    ])
    const scene = await startProcesses(mesh, story, report)
    for (const next of steps) {
      step = next.title
      story.section(next.title, next.why)
      await next.run(scene)
    }
    step = 'What was claimed'
    const faults = faultsOf(report)
    if (faults.length > 0) throw new Error(['This was not seen:', ...faults].join('\n'))
    report.ok = true
    await tellEnd(scene, keep, performance.now() - started)
  } catch (error) {
    if (interrupted.aborted) return
    const reason = error instanceof Error ? error.message : String(error)
    const log = mesh.logText().trimEnd().split('\n').slice(-LAST_LINES)
    story.failed(step, reason, log)
    if (story === silentStory) process.stderr.write(`${step}: ${reason}\n${log.join('\n')}\n`)
  }
}

async function tellEnd(
  { story, report, mesh, orga, orgb, manifests }: Scene,
  keep: boolean,
  ms: number,
): Promise<void> {
  story.section('Summary', 'Every call that crossed, or was stopped on its way.')
  story.table(summaryRows(report))
  const logs = [orga, orgb].map(({ logDirectory }) => logDirectory)
  const sizes = report.audit.logs.map(({ size }) => size)
  const verdict = `All of it holds: ${claims.length} claims, ${report.calls.length} calls, ${(ms / 1000).toFixed(1)} s.`
  if (!keep) {
    story.end(verdict, [
      `The logs held ${sizes.join(' and ')} entries; they are removed now. Keep them: npm run demo -- --keep`,
    ])
    return
  }
  const keys: string[] = []
  for (const [who, { jws }] of manifests) {
    const path = join(mesh.directory, `${who}.manifest`)
    await writeFile(path, jws)
    keys.push(`--key @${path}`)
  }
  story.end(verdict, [
    `The logs, ${sizes.join(' and ')} entries, and everything else are in ${mesh.directory}. To look further:`,
    '',
    `npm run -s hansa -- verify ${logs.join(' ')} ${keys.join(' ')}`,
    `npm run -s hansa -- up --home ${orgb.home}`,
    `npm run -s hansa -- audit show --home ${orgb.home}`,
  ])
}

/** A row for each call; those of one approval are counted together. */
function summaryRows({ calls }: DemoReport): string[][] {
  const rows = new Map<string, { cells: string[]; count: number; ms: number }>()
  for (const { id, trustPolicy, outcome, stage = '', code = '', ms } of calls) {
    const name = id.replace(/-\d+$/, '')
    const key = `${name} ${outcome}`
    const row = rows.get(key) ?? { cells: [name, trustPolicy, outcome, code, stage], count: 0, ms: 0 }
    rows.set(key, { ...row, count: row.count + 1, ms: row.ms + ms })
  }
  const heads = ['call', 'trust policy', 'outcome', 'code', 'stage', 'calls', 'ms each']
  const lines = [...rows.values()].map(({ cells, count, ms }) => [...cells, String(count), (ms / count).toFixed(1)])
  return [heads, ...lines]
}

/** Ctrl+C: nothing stays behind, and nothing is told of what fails because of it. */
function endOnSignal(mesh: ProcessMesh): AbortSignal {
  const interrupted = new AbortController()
  const end = () => {
    interrupted.abort()
    void mesh[Symbol.asyncDispose]().finally(() => process.exit(130))
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  return interrupted.signal
}

process.exitCode = await main()
