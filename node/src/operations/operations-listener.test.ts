import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { CallSeen } from '../kernel/call-observer.ts'
import { noMeshFigures } from '../mesh/mesh-figures.ts'
import { type NodeGauges, nodeMetrics } from './metrics.ts'
import { operationsListener, type Readiness } from './operations-listener.ts'

const gauges: NodeGauges = {
  callsRunning: 2,
  logEntries: 9,
  logFull: false,
  logBytes: 0,
  logMaxBytes: 0,
  logUsed: 0,
  approvalsPending: 1,
  acksWaiting: 3,
  resultsHeld: 2,
  policyVersion: 4,
  contentBytes: 0,
  cosignedEntries: 0,
  degraded: false,
  witnessedLogs: 0,
  forkedPeers: 0,
  cases: {},
  caseDue: {},
  casesLate: 0,
  peersCutOff: 0,
  health: {},
  capabilities: { available: 5, unavailable: 1 },
  peers: { ok: 1 },
  ready: true,
  mesh: {
    ...noMeshFigures,
    kernels: 12,
    neighbours: { open: 3, answering: 1, silent: 2 },
    frames: { sent: 5, received: 6 },
  },
}

const seen = (over: Partial<CallSeen> = {}): CallSeen => ({
  callId: 'AAAAAAAAAAAAAAAAAAAAAA',
  capability: 'secret-capability.read',
  direction: 'inbound',
  safety: 'READ',
  outcome: 'released',
  rules: ['a-rule'],
  startedMs: 1,
  ms: 12,
  stages: [{ stage: 'policy', startedMs: 1, ms: 2 }],
  ...over,
})

async function listener(readiness: () => Readiness = () => ({ ready: true, reasons: [] })) {
  const metrics = nodeMetrics(async () => gauges)
  const listen = { host: '127.0.0.1', port: 0 }
  return { metrics, opened: await operationsListener({ listen, metrics, readiness: async () => readiness() }) }
}

async function get(url: string, path: string, method = 'GET') {
  const response = await fetch(`${url}${path}`, { method })
  return { status: response.status, body: await response.text() }
}

describe('the operations listener', () => {
  it('answers that the process is alive', async () => {
    const { opened } = await listener()
    await using one = opened
    expect(await get(one.url, '/health')).toEqual({ status: 200, body: '{"status":"ok"}\n' })
  })

  it('counts what became of messages to the webhook', async () => {
    const { metrics, opened } = await listener()
    await using one = opened
    for (const outcome of ['retried', 'delivered'] as const) metrics.delivery('approval.requested', outcome)
    const { body } = await get(one.url, '/metrics')
    expect(body).toContain('hansa_webhook_deliveries_total{type="approval.requested",outcome="retried"} 1')
    expect(body).toContain('hansa_webhook_deliveries_total{type="approval.requested",outcome="delivered"} 1')
  })

  it('asks for the figures once in a scrape, and shows those of the mesh', async () => {
    let asked = 0
    const metrics = nodeMetrics(async () => {
      asked += 1
      return { ...gauges, mesh: { ...gauges.mesh, pushes: asked } }
    })
    await metrics.text()
    const body = await metrics.text()
    expect(asked).toBe(2)
    expect(body).toContain('hansa_mesh_kernels 12\n')
    expect(body).toContain('hansa_mesh_neighbours{state="silent"} 2\n')
    expect(body).toContain('hansa_frames_total{direction="received"} 6\n')
    expect(body).toContain('hansa_replica_pushes_total 2\n')
  })

  it('says whether calls are taken, and why not', async () => {
    const state: { now: Readiness } = { now: { ready: false, reasons: ['starting'] } }
    const { opened } = await listener(() => state.now)
    await using one = opened
    expect(await get(one.url, '/ready')).toEqual({ status: 503, body: '{"ready":false,"reasons":["starting"]}\n' })
    state.now = { ready: true, reasons: [] }
    state.now = { ready: true, reasons: [], warnings: ['log_fills'] }
    const filling = { status: 200, body: '{"ready":true,"reasons":[],"warnings":["log_fills"]}\n' }
    expect(await get(one.url, '/ready')).toEqual(filling)
    state.now = { ready: true, reasons: [] }
    expect(await get(one.url, '/ready?verbose')).toEqual({ status: 200, body: '{"ready":true,"reasons":[]}\n' })
  })

  it('counts calls by closed lists, and names nobody and nothing of them', async () => {
    const { opened, metrics } = await listener()
    await using one = opened
    metrics.call(seen())
    metrics.call(seen({ outcome: 'refused', code: 'policy_denied', stage: 'policy' }))
    const { body } = await get(one.url, '/metrics')
    expect(body).toContain(
      'hansa_calls_total{direction="inbound",safety="READ",outcome="refused",code="policy_denied",stage="policy"} 1',
    )
    expect(body).toContain('hansa_call_duration_seconds_count{direction="inbound",outcome="released"} 1')
    expect(body).toContain('hansa_stage_duration_seconds_sum{stage="policy"} 0.004')
    expect(body).toContain('hansa_capabilities{state="unavailable"} 1')
    expect(body).toContain('hansa_acks_waiting 3')
    for (const secret of ['secret-capability', 'a-rule', 'AAAAAAAAAAAAAAAAAAAAAA']) expect(body).not.toContain(secret)
  })

  it.each([
    ['another path', '/', 'GET', 404],
    ['a path out of the list', '/metrics/../etc/passwd', 'GET', 404],
    ['another method', '/ready', 'POST', 405],
  ])('serves nothing for %s', async (_what, path, method, status) => {
    const { opened } = await listener()
    await using one = opened
    expect((await get(one.url, path, method)).status).toBe(status)
  })

  it('says which setting to change when the address is taken', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const metrics = nodeMetrics(async () => gauges)
    const init = { listen: { host: '127.0.0.1', port }, metrics, readiness: async () => ({ ready: true, reasons: [] }) }
    await expect(operationsListener(init)).rejects.toThrow('operations.listen')
    taken.close()
  })
})
