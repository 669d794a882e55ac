import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { check, DemoError } from '../../report.ts'
import type { OperateStep, OperateWorld } from '../operate-step.ts'

/** Each takes a fifth of a second. */
const MAX_LOOKS = 50

export const exportEvidence: OperateStep = {
  name: 'export',
  title: 'orgb exports what concerns orga, and orga checks it',
  why:
    'One file with the entries of these calls, each with its proof under a signed checkpoint, and nothing about anybody ' +
    'else. orga verifies it offline, and against its own log.',
  async run({ directory, story, orga, orgb, facts }) {
    await provable(orgb, join(directory, 'orgb', 'log', 'checkpoint'), facts.lastCall ?? '')
    const file = join(directory, 'orgb-for-orga.hansa')
    const { entries } = await orgb.json<{ entries: number }>(['audit', 'export', '--peer', 'orga', '--out', file])
    check('that entries were exported', entries > 0, true)
    story.done(`${entries} entries, ${((await readFile(file)).length / 1024).toFixed(0)} KiB`)
    const { verdict } = await orga.json<{ verdict: string }>(['verify', file, '--key', orgb.did])
    check('the export by itself', verdict, 'clean')
    story.done('every entry, proof and signature holds')
    const pair = await orga.run(['verify', file, 'orga', '--key', orgb.did, '--key', orga.did])
    const { findings, calls } = JSON.parse(pair.stdout) as {
      findings: { severity: string; text: string }[]
      calls: Record<string, number>
    }
    const wrong = findings.filter(({ severity }) => severity === 'violation')
    check('what the log of orga holds against the export', wrong, [])
    check('released calls in both', calls.ok, 2)
    story.done('and it tells of every call what the log of orga tells')
  },
}

/**
 * An acknowledgement follows its call; the log of whoever served it is complete when it has arrived, and proves it with
 * the next checkpoint, within a second.
 */
async function provable(orgb: OperateWorld['orgb'], checkpoint: string, call: string): Promise<void> {
  for (let asked = 0; asked < MAX_LOOKS; asked++) {
    const entries = await orgb.json<{ type: string; seq: number }[]>(['audit', 'show', '--call', call])
    const acknowledged = entries.find(({ type }) => type === 'ack.received' || type === 'acks.received')
    const [, size] = (await readFile(checkpoint, 'utf8')).split('\n')
    if (acknowledged !== undefined && acknowledged.seq < Number(size)) return
  }
  throw new DemoError(
    { code: 'not_as_expected', what: 'ack.received' },
    `orgb cannot prove the acknowledgement of call ${call}.`,
  )
}
