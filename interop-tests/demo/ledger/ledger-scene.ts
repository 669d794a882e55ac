/**
 * Two kernels that have traded, and then one of them lies about it: every way there is to lie, by either side, each found
 * and blamed on whoever did it by a verifier that has the public keys and the directories and nothing else.
 */
import { join } from 'node:path'
import type { Entry } from '@hansa/protocols'
import { fileLogDisk, readEntries } from '@hansa/trust/ledger'
import { ProcessMesh } from '../../harness/process-mesh.ts'
import { check, type Organisation } from '../report.ts'
import { type Story, silentStory } from '../story.ts'
import type { Attack } from './attack.ts'
import { backDating } from './attacks/back-dating.ts'
import { denial } from './attacks/denial.ts'
import { fork } from './attacks/fork.ts'
import { omission } from './attacks/omission.ts'
import { rewrite } from './attacks/rewrite.ts'
import { truncation } from './attacks/truncation.ts'
import { judge, type Said } from './judge.ts'
import type { AttackRow, LedgerReport } from './ledger-report.ts'
import { rewriteLog } from './rewritten-log.ts'
import { organisations, other, type TradingWorld, trade } from './trading-world.ts'

const attacks: readonly Attack[] = [rewrite, omission, denial, fork, truncation, backDating]

/** @param keep leaves the homes and the copies where they are. */
export async function ledgerScene(story: Story, keep: boolean): Promise<LedgerReport> {
  const report: LedgerReport = { ok: false, attacks: [], honest: { verified: false, entries: 0 } }
  await using mesh = await ProcessMesh.create()
  if (keep) mesh.keep()
  story.title('two logs, and every way to lie about them', [
    '■ orga   Lübeck Trading House     asks and serves',
    '■ orgb   Bergen Harbour Office    asks and serves',
  ])
  const started = performance.now()
  let step = 'They trade'
  try {
    const world = await honestTrade(mesh, story, report)
    for (const attack of attacks) {
      step = attack.title
      story.section(`A side ${attack.title}`, attack.why)
      story.doing(`rewriting the log of each side, and verifying it`)
      for (const found of await Promise.all(organisations.map((by) => lie(world, attack, by)))) {
        tell(world, attack, found)
        report.attacks.push(found.row)
      }
    }
    report.ok = true
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    story.section(
      'What was found',
      'By the two directories and two public keys; for the fork, by one directory and a checkpoint that was kept.',
    )
    story.table([
      ['what', 'by', 'blamed', 'verdict'],
      ...report.attacks.map(({ name, by, blamed, verdict }) => [name, by, blamed ?? '-', verdict ?? '-']),
    ])
    const cannot =
      'What two logs cannot show: a call that both sides leave out. What one log cannot show without a checkpoint from outside: that its key wrote another one before.'
    story.end(`All of it holds: ${report.attacks.length} lies found, ${seconds} s.`, [
      cannot,
      ...(keep ? [`Everything is in ${mesh.directory}.`] : []),
    ])
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const log = mesh.logText().trimEnd().split('\n').slice(-15)
    story.failed(step, reason, log)
    if (story === silentStory) process.stderr.write(`${step}: ${reason}\n${log.join('\n')}\n`)
  }
  return report
}

async function honestTrade(mesh: ProcessMesh, story: Story, report: LedgerReport): Promise<TradingWorld> {
  story.section(
    'They trade, and the logs are verified',
    'Each asks the other; an auditor takes a checkpoint of each log along in between. Then both nodes stop, and what is left are two directories and two signed manifests.',
  )
  const world = await trade(mesh, story)
  const { nodes, manifests } = world
  const honest = await judge({ logs: { orga: nodes.orga.logDirectory, orgb: nodes.orgb.logDirectory }, manifests })
  check('what is found of two honest logs', honest.said, [])
  report.honest = { verified: !honest.detected, entries: honest.entries }
  story.done(`${honest.entries} entries: both logs hold, and tell the same of every call`)
  return world
}

type Lie = { row: AttackRow; said: Said | undefined; more: number }

/** @throws DemoError when the new log shows it by itself, or somebody else is blamed, or nobody. */
async function lie(
  { nodes, manifests, kept, directory }: TradingWorld,
  attack: Attack,
  by: Organisation,
): Promise<Lie> {
  const copy = join(directory, 'lies', `${attack.name}-by-${by}`)
  const { edit, callId } = attack.plan(await entriesOf(nodes[by].logDirectory))
  await rewriteLog(nodes[by], copy, edit)
  const logs = { [by]: copy }
  const against =
    attack.against === 'kept checkpoint'
      ? { logs, manifests, checkpoint: kept[by] }
      : { logs: { ...logs, [other[by]]: nodes[other[by]].logDirectory }, manifests }
  const [alone, found] = await Promise.all([judge({ logs, manifests }), judge(against)])
  if (attack.showsAlone === true) check(`that ${by}'s new log gives itself away`, alone.detected, true)
  else check(`what ${by}'s new log shows by itself`, alone.said, [])
  const { detected, blamed, verdict, said } = found
  check(`${attack.name} by ${by}`, { detected, blamed }, { detected: true, blamed: by })
  const first = said.find((one) => one.callId === callId) ?? said[0]
  return { row: { name: attack.name, by, detected, blamed, verdict }, said: first, more: said.length - 1 }
}

function tell({ story, nodes }: TradingWorld, { title }: Attack, { row, said, more }: Lie): void {
  story.done(`${row.by} ${title}: ${row.verdict}`)
  if (said === undefined) return
  // By the names that the story uses.
  const text = organisations.reduce((words, name) => words.replaceAll(nodes[name].did, name), said.text)
  story.note(more === 0 ? text : `${text} Beside it, ${more} more that do not fit.`)
}

async function entriesOf(directory: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const { entry } of readEntries(fileLogDisk(directory))) entries.push(entry)
  return entries
}
