/** `kill -9` of either node while agents call: what was answered is in the logs, and what was approved runs once. */
import type { Entry, Frame, Kernel } from '@hansa/protocols'
import { fileLogDisk, verifyPair } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOnDisk } from '../harness/entries-on-disk.ts'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import type { NodeProcess } from '../harness/node-process.ts'
import { outcomeOf, refusal } from '../harness/outcome.ts'
import { type TwoNodes, twoNodes } from './two-nodes.ts'

const AGENTS = 8
const ROUNDS = 3
/** Each round starts a node and reads two whole logs: on a busy machine that takes longer than a test usually may. */
const KILL_TIMEOUT_MS = 120_000

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Whoever was killed was cut off, and is looked for every few seconds. */
async function untilFound(asker: Kernel): Promise<void> {
  const code = async () => (await asker.explain('orgb/note', { text: 'x' })).code
  await expect.poll(code, { timeout: 30_000 }).not.toBe('busy')
}

/**
 * Agents call without a pause until the victim is killed after so many answers. It is started again while the calls that
 * were under way still ask for their results. @returns what they had been told, and were told of those.
 */
async function callUntilKilled(asker: Kernel, victim: NodeProcess, answers: number): Promise<Frame[]> {
  const told: Frame[] = []
  const enough = Promise.withResolvers<void>()
  let killed = false
  const agents = Array.from({ length: AGENTS }, async (_, agent) => {
    for (let call = 0; !killed; call++) {
      const frame = await asker.invoke('orgb/note', { text: `${agent}.${call}` }).catch(() => undefined)
      if (frame === undefined) {
        if (!killed) throw new Error('a call failed before the kill')
        return
      }
      told.push(frame)
      if (told.length === answers) enough.resolve()
    }
  })
  await Promise.race([enough.promise, Promise.all(agents)])
  killed = true
  await victim.kill()
  await victim.start()
  await Promise.all(agents)
  return told
}

function expectRecorded(told: readonly Frame[], ofA: readonly Entry[], ofB: readonly Entry[]): void {
  const callsOf = (entries: readonly Entry[], type: Entry['type']) =>
    new Set(entries.filter((entry) => entry.type === type).map(({ call_id }) => call_id))
  const [acknowledged, revealed] = [callsOf(ofB, 'ack.received'), callsOf(ofA, 'result.received')]
  for (const { callId, audit, remote } of told) {
    expect(ofA[audit.index]).toMatchObject({ type: 'receipt.received', call_id: callId, receipt: remote?.receiptHash })
    expect(ofB[remote?.log.index ?? -1]).toMatchObject({ type: 'outcome', call_id: callId, decision: 'permit' })
    // A WRITE: nobody was told its result before both logs had the steps that lead to it.
    expect([acknowledged.has(callId), revealed.has(callId)]).toEqual([true, true])
  }
}

async function expectNoViolation({ orga, orgb }: TwoNodes): Promise<void> {
  await orga.stop()
  await orgb.stop()
  const source = ({ did, logDirectory }: NodeProcess) => ({ did, disk: fileLogDisk(logDirectory) })
  const report = await verifyPair(source(orga), source(orgb))
  expect([...report.a.log.faults, ...report.b.log.faults]).toEqual([])
  expect(report.findings.filter(({ severity }) => severity === 'violation')).toEqual([])
}

describe('what an agent was told', { timeout: KILL_TIMEOUT_MS }, () => {
  it.each([
    ['orga', 11],
    ['orgb', 12],
  ] as const)('is in both logs after kill -9 of %s in the middle of calls (seed %i)', async (victim, seed) => {
    await using mesh = await meshOfTest()
    const nodes = await twoNodes(mesh)
    const { orga, orgb } = nodes
    const random = seeded(seed)
    const told: Frame[] = []
    for (let round = 0; round < ROUNDS; round++) {
      told.push(...(await callUntilKilled(orga.client, nodes[victim], 20 + Math.floor(random() * 180))))
      await untilFound(orga.client)
      expectRecorded(told, await entriesOnDisk(orga.logDirectory), await entriesOnDisk(orgb.logDirectory))
    }
    const written = new Set(await nodes.notes())
    for (const { value } of told) expect(written).toContain((value as { text: string }).text)
    await expectNoViolation(nodes)
  })
})

describe('an approval', () => {
  const needed = { effect: 'require_approval' } as const
  const payment = { text: 'pay 10' }

  async function approvedPayment({ orga, orgb }: TwoNodes): Promise<string> {
    const { approvalId: approval = '' } = await refusal(orga.client.invoke('orgb/note', payment))
    await orgb.client.operator.approve(approval, 'person:carla')
    return approval
  }

  const use = ({ orga }: TwoNodes, approval: string) => orga.client.invoke('orgb/note', payment, { approval })

  it('outlives kill -9 before its use, is used once, and is no longer there after another', async () => {
    await using mesh = await meshOfTest()
    const nodes = await twoNodes(mesh, needed)
    const approval = await approvedPayment(nodes)
    await nodes.orgb.kill()
    await nodes.orgb.start()
    expect(await use(nodes, approval)).toMatchObject({ value: payment })
    await nodes.orgb.kill()
    await nodes.orgb.start()
    const again = await Promise.all(Array.from({ length: 20 }, () => outcomeOf(use(nodes, approval))))
    expect(new Set(again)).toEqual(new Set(['approval_required']))
    expect(await nodes.notes()).toEqual([payment.text])
    await expectNoViolation(nodes)
  })

  it('is used at most once when orgb is killed while fifty calls want it', async () => {
    await using mesh = await meshOfTest()
    const nodes = await twoNodes(mesh, needed)
    const approval = await approvedPayment(nodes)
    const uses = Array.from({ length: 50 }, () => outcomeOf(use(nodes, approval)))
    await Promise.race(uses)
    await nodes.orgb.kill()
    await nodes.orgb.start()
    const before = await Promise.all(uses)
    await untilFound(nodes.orga.client)
    const after = await Promise.all(Array.from({ length: 50 }, () => outcomeOf(use(nodes, approval))))
    const released = [...before, ...after].filter((outcome) => outcome === 'released')
    const begun = (await entriesOnDisk(nodes.orgb.logDirectory)).filter(
      ({ type, ext }) => type === 'intent.accepted' && ext?.approval === approval,
    )
    expect(begun).toHaveLength(1)
    expect(released.length).toBeLessThanOrEqual(1)
    expect((await nodes.notes()).length).toBeLessThanOrEqual(1)
    await expectNoViolation(nodes)
  })
})
