import { type CallOutcome, fileLogDisk, type LogSource, type PairReport, verifyPair } from '@hansa/trust/ledger'
import { short } from '../layout.ts'
import { check, type Organisation } from '../report.ts'
import type { Scene, Step } from '../scene.ts'

/** What the two logs together tell of a call; of each of the first four there has to be one. */
const kinds: Readonly<Partial<Record<CallOutcome, string>>> = {
  ok: 'released',
  denied: 'refused by orgb',
  refused_locally: 'refused by orga',
  approval_required: 'held back for an approval',
}
const others: typeof kinds = { never_accepted: 'sent while orgb restarted, and then again' }

export const verifyBothLogs: Step = {
  title: 'Anyone can verify the two logs, as a pair',
  why:
    'Both nodes have stopped; what is left is two directories. The verifier needs no node and no network. The keys come ' +
    'from the signed manifests, not from the directories.',
  async run(scene) {
    const { orga, orgb, report, story } = scene
    story.doing('stopping both nodes')
    // The one that asked first, so that it can still deliver its acknowledgements.
    await orga.stop()
    await orgb.stop()
    story.doing('verifying both logs')
    const started = performance.now()
    const pair = await verifyPair(logOf(scene, 'orga'), logOf(scene, 'orgb'))
    const ms = performance.now() - started
    report.audit = {
      logs: [pair.a, pair.b].flatMap(({ did, log: { size, root = '' } }) =>
        did === undefined ? [] : { did, size, root },
      ),
      pair: pair.verdict,
    }
    check('the pair', { verdict: pair.verdict, findings: pair.findings }, { verdict: 'consistent', findings: [] })
    check('the logs are those of orga and orgb', [pair.a.did, pair.b.did], [orga.did, orgb.did])
    tell(scene, pair)
    const without = Object.keys(kinds).filter((kind) => pair.calls[kind as CallOutcome] === undefined)
    check('kinds of calls that the pair does not hold', without, [])
    story.done('the pair is consistent: intents, receipts and acknowledgements name each other', ms)
    const words = { ...kinds, ...others }
    const counts = Object.entries(pair.calls).map(([kind, count]) => `${count} ${words[kind as CallOutcome] ?? kind}`)
    story.note(`Calls between the two: ${counts.join(', ')}.`)
    for (const text of pair.unchecked) story.note(`What two logs cannot show: ${text}`)
  },
}

/** A log in its directory, with the key that its kernel's manifest names. */
export function logOf({ orga, orgb, manifests }: Scene, who: Organisation): LogSource {
  const node = who === 'orga' ? orga : orgb
  return { disk: fileLogDisk(node.logDirectory), did: node.did, vkey: manifests.get(who)?.logKey ?? '' }
}

function tell({ story }: Scene, pair: PairReport): void {
  for (const [who, { log }] of [
    ['orga', pair.a],
    ['orgb', pair.b],
  ] as const) {
    const { size, root = '', checkpoints, evidence } = log
    story.done(
      `${who}  ${size} entries under ${checkpoints} checkpoints, root ${short(root)}, ${evidence} signatures of the other`,
    )
  }
}
